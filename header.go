package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// keep returns the messages whose header makes sense and stays within the TTL.
// A peer whose header does not make sense is disconnected; the rest is counted.
func (s *socket) keep(p *Pipe, batch []transport.Message, header func(*transport.Message) error) []transport.Message {
	kept := batch[:0]
	for i := range batch { // by index: a copy would escape to the heap
		switch err := header(&batch[i]); err {
		case nil:
			kept = append(kept, batch[i])
			continue
		case wire.ErrTTL:
			s.drop(ttlExceeded, 1, p)
		default:
			s.stats.Malformed++
			s.afterwards(func() {
				p.finish(s.opError("pipe", p.url, errorf(ErrProtocol, "%v sent a malformed message: %w", p.RemoteAddr(), err)))
			})
		}
		batch[i].Release()
	}
	return kept
}

// hops is the header of pair1.
func (s *socket) hops(m *transport.Message) error {
	hops, err := wire.Hops(m.Data)
	if err == nil && hops > s.cfg.TTL {
		err = wire.ErrTTL
	}
	m.Header = wire.HopsSize
	return err
}

// backtrace is the header of requests and surveys.
func (s *socket) backtrace(m *transport.Message) (err error) {
	m.Header, err = wire.BacktraceLen(m.Data, s.cfg.TTL)
	return err
}

// answerHeader is the number alone: what devices added they took off again on
// the way back.
func answerHeader(m *transport.Message) error {
	if len(m.Data) < 4 {
		return wire.ErrTruncated
	}
	m.Header = 4
	return nil
}
