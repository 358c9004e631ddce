package gonngtest

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/tcp"
)

// mutant is tcp with a defect.
type mutant struct {
	tcp.Transport
	config   func(*transport.Config)
	conn     func(transport.Conn) transport.Conn
	listener func(transport.Listener) transport.Listener
	dial     func(context.Context) context.Context
}

func (m *mutant) Dial(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Conn, error) {
	if m.dial != nil {
		ctx = m.dial(ctx)
	}
	c, err := m.Transport.Dial(ctx, scheme, address, m.changed(cfg))
	if err != nil || m.conn == nil {
		return c, err
	}
	return m.conn(c), nil
}

func (m *mutant) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	l, err := m.Transport.Listen(ctx, scheme, address, m.changed(cfg))
	if err != nil || m.listener == nil {
		return l, err
	}
	return m.listener(l), nil
}

func (m *mutant) changed(cfg *transport.Config) *transport.Config {
	own := *cfg
	if m.config != nil {
		m.config(&own)
	}
	return &own
}

type backwards struct{ transport.Conn }

func (c backwards) Read(dst []transport.Message) ([]transport.Message, error) {
	dst, err := c.Conn.Read(dst)
	slices.Reverse(dst)
	return dst, err
}

// careless loses what arrives while it is interrupted.
type careless struct {
	transport.Conn
	interrupted *atomic.Bool
}

func (c careless) Interrupt() {
	c.interrupted.Store(true)
	c.Conn.(transport.Interrupter).Interrupt()
}

func (c careless) Read(dst []transport.Message) ([]transport.Message, error) {
	got, err := c.Conn.Read(dst)
	if c.interrupted.Swap(false) {
		return dst, err
	}
	return got, err
}

// greedy loses the first that it brings.
type greedy struct{ transport.Conn }

func (c greedy) TryRead(dst []transport.Message) []transport.Message {
	got := c.Conn.(transport.TryReader).TryRead(dst)
	return got[min(1, len(got)):]
}

type hasty struct{ transport.Conn }

func (c hasty) TryWrite(b transport.Batch) (bool, error) {
	_, err := c.Conn.TryWrite(b)
	return true, err
}

type forgetful struct{ transport.Conn }

func (c forgetful) Protocol() uint16 { return 0 }

type placeless struct{ transport.Conn }

func (c placeless) LocalAddr() net.Addr { return nil }

type quiet struct{ transport.Listener }

var errQuiet = errors.New("no more")

func (l quiet) Accept() (transport.Incoming, error) {
	peer, err := l.Listener.Accept()
	if err != nil {
		err = errQuiet
	}
	return peer, err
}

// queue accepts only who has introduced itself.
type queue struct{ transport.Listener }

func (l queue) Accept() (transport.Incoming, error) {
	peer, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn, err := peer.Handshake(context.Background())
	if err != nil {
		return nil, err
	}
	return introduced{conn}, nil
}

type introduced struct{ transport.Conn }

func (i introduced) Handshake(context.Context) (transport.Conn, error) { return i.Conn, nil }

// decider changes how its peers are decided over.
type decider struct {
	transport.Listener
	change func(transport.Decider) transport.Incoming
}

func (d decider) Accept() (transport.Incoming, error) {
	peer, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return d.change(peer.(transport.Decider)), nil
}

// rash answers whoever it hears.
type rash struct{ transport.Decider }

func (r rash) Hear(ctx context.Context) (transport.Conn, error) { return r.Handshake(ctx) }
func (rash) Answer(context.Context) error                       { return nil }

// curt says nothing to a peer of a wrong protocol.
type curt struct{ transport.Decider }

func (c curt) Refuse(error) { c.Close() }

// strict does not skip, vague does not say what.
type strict struct{ transport.Conn }

func (strict) SkipTooLarge(func([]byte, uint64)) {}

type vague struct{ transport.Conn }

func (c vague) SkipTooLarge(tell func([]byte, uint64)) {
	c.Conn.(transport.Skipper).SkipTooLarge(func(_ []byte, size uint64) { tell(nil, size) })
}

// steady does not change.
type steady struct{ transport.Listener }

func (steady) SetConfig(*transport.Config) {}

// TestContractFindsDefects: each defect is found by the clause it breaks.
func TestContractFindsDefects(t *testing.T) {
	for name, row := range map[string]struct {
		clause string
		m      mutant
		says   string
	}{
		"backwards": {"Order", mutant{conn: func(c transport.Conn) transport.Conn { return backwards{c} }}, "received"},
		"careless":  {"Interrupt", mutant{conn: func(c transport.Conn) transport.Conn { return careless{c, new(atomic.Bool)} }}, "another"},
		"greedy":    {"TryRead", mutant{conn: func(c transport.Conn) transport.Conn { return greedy{c} }}, "another"},
		"no limit":  {"RecvMaxSize", mutant{config: func(cfg *transport.Config) { cfg.RecvMaxSize = 0 }}, "want the end"},
		"limit":     {"RecvMaxSize", mutant{config: func(cfg *transport.Config) { cfg.RecvMaxSize = 64 }}, "too large"},
		"loses":     {"PartialWrite", mutant{conn: func(c transport.Conn) transport.Conn { return hasty{c} }}, "left"},
		"protocol":  {"Addresses", mutant{conn: func(c transport.Conn) transport.Conn { return forgetful{c} }}, "protocol 0"},
		"address":   {"Addresses", mutant{conn: func(c transport.Conn) transport.Conn { return placeless{c} }}, "LocalAddr"},
		"accept":    {"CloseEndsAccept", mutant{listener: func(l transport.Listener) transport.Listener { return quiet{l} }}, "no more"},
		"stubborn":  {"DialEnds", mutant{dial: context.WithoutCancel, config: func(cfg *transport.Config) { cfg.HandshakeTimeout = soon }}, "context"},
		"rash": {"Decide", mutant{listener: func(l transport.Listener) transport.Listener {
			return decider{l, func(p transport.Decider) transport.Incoming { return rash{p} }}
		}}, "in spite of"},
		"curt": {"Decide", mutant{listener: func(l transport.Listener) transport.Listener {
			return decider{l, func(p transport.Decider) transport.Incoming { return curt{p} }}
		}}, "ErrProtocol"},
		"strict": {"Skip", mutant{conn: func(c transport.Conn) transport.Conn { return strict{c} }}, "too large"},
		"vague":  {"Skip", mutant{conn: func(c transport.Conn) transport.Conn { return vague{c} }}, "told"},
		"steady": {"SetConfig", mutant{listener: func(l transport.Listener) transport.Listener { return steady{l} }}, "want the end"},
		"held up": {"SilentPeer", mutant{
			listener: func(l transport.Listener) transport.Listener { return queue{l} },
			config:   func(cfg *transport.Config) { cfg.HandshakeTimeout = soon }, // not to wait for long
		}, "beside silent peers"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &contract{Transport: &row.m, urlFor: func(testing.TB) string { return "tcp://127.0.0.1:0" }}
			found := false
			for _, clause := range clauses {
				if clause.name == row.clause {
					found = true
					wantFailure(t, try(t, func(t testing.TB) { clause.check(t, c) }), row.says)
				}
			}
			if !found {
				t.Errorf("there is no clause %s", row.clause)
			}
		})
	}
}
