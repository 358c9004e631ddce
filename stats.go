package gonng

import (
	"errors"

	"github.com/gonng/gonng/transport"
)

// Stats are a socket's counters since it was made.
type Stats struct {
	Sent          uint64 `json:"sent"`           // messages accepted by Send
	SentBytes     uint64 `json:"sent_bytes"`     // with their headers
	Received      uint64 `json:"received"`       // messages read from peers
	ReceivedBytes uint64 `json:"received_bytes"` // with their headers

	ConnectStats

	Unsent      uint64 `json:"unsent"`       // accepted, and not written before the peer went; or not forwarded by a Device
	Malformed   uint64 `json:"malformed"`    // dropped: what the peer sent, or the protocol header, makes no sense
	TTLExceeded uint64 `json:"ttl_exceeded"` // dropped: passed through too many nodes
	TooLarge    uint64 `json:"too_large"`    // peers disconnected for a message above the limit
	Truncated   uint64 `json:"truncated"`    // messages that broke off: the peer went in the middle
	Unexpected  uint64 `json:"unexpected"`   // dropped: the protocol does not receive
	LateReplies uint64 `json:"late_replies"` // dropped: nobody waits for the reply any more
	NoPeer      uint64 `json:"no_peer"`      // dropped: the peer that it was for has gone
	Resends     uint64 `json:"resends"`      // requests sent again
	DroppedFull uint64 `json:"dropped_full"` // dropped: the queue of a peer, subscriber or survey was full
	Filtered    uint64 `json:"filtered"`     // dropped: no topic matched

	Pipes       int `json:"pipes"`       // peers connected now
	SendQueue   int `json:"send_queue"`  // messages that wait to be written now
	RecvQueue   int `json:"recv_queue"`  // messages that wait to be received now
	Outstanding int `json:"outstanding"` // requests or surveys that wait for answers now
}

// ConnectStats are the counters of a socket's, dialer's or listener's
// connections.
type ConnectStats struct {
	Connects        uint64 `json:"connects"`         // peers connected
	ConnectFailures uint64 `json:"connect_failures"` // attempts to dial that failed
	HandshakeErrors uint64 `json:"handshake_errors"` // peers that connected and did not introduce themselves properly
	Refused         uint64 `json:"refused"`          // peers refused; the reasons follow
	RefusedProtocol uint64 `json:"refused_protocol"` // they speak another protocol
	RefusedByHook   uint64 `json:"refused_by_hook"`  // a PipeConnecting hook closed the pipe
	RefusedBusy     uint64 `json:"refused_busy"`     // a pair has its peer
}

func (st *ConnectStats) refused(why error) {
	st.Refused++
	switch {
	case errors.Is(why, ErrProtocol):
		st.RefusedProtocol++
	case errors.Is(why, ErrConnectionAborted):
		st.RefusedByHook++
	case errors.Is(why, ErrBusy):
		st.RefusedBusy++
	}
}

// countLocked counts for the socket and for the dialer or listener of p.
func (p *Pipe) countLocked(event func(*ConnectStats)) {
	event(&p.s.stats.ConnectStats)
	switch {
	case p.dialer != nil:
		event(&p.dialer.stats)
	case p.listener != nil:
		event(&p.listener.stats)
	}
}

// Stats are the dialer's counters.
func (d *Dialer) Stats() ConnectStats {
	d.s.lock()
	defer d.s.unlock()
	return d.stats
}

// Stats are the listener's counters.
func (l *Listener) Stats() ConnectStats {
	l.s.lock()
	defer l.s.unlock()
	return l.stats
}

// PipeStats are a pipe's counters since it was made.
type PipeStats struct {
	Sent          uint64 `json:"sent"`           // messages accepted for this peer
	SentBytes     uint64 `json:"sent_bytes"`     // with their headers
	Received      uint64 `json:"received"`       // messages read from the peer
	ReceivedBytes uint64 `json:"received_bytes"` // with their headers
	DroppedFull   uint64 `json:"dropped_full"`   // not sent: the peer's queue was full
	SendQueue     int    `json:"send_queue"`     // messages that wait to be written now
	RecvQueue     int    `json:"recv_queue"`     // messages that wait to be received now
}

// Stats are the pipe's counters.
func (p *Pipe) Stats() PipeStats {
	p.s.lock()
	defer p.s.unlock()
	st := p.stats
	st.Sent, st.SentBytes = p.peer.Sent()
	st.DroppedFull = p.peer.DroppedFull
	st.SendQueue, st.RecvQueue = p.peer.SendQueue(), p.peer.RecvQueue()
	return st
}

// Stats are the socket's counters. See [Socket].
func (s *socket) Stats() Stats {
	s.lock()
	defer s.unlock()
	st, c := s.stats, &s.core.Counters
	st.Pipes = s.connected
	st.Unsent += c.Unsent
	st.Malformed, st.TTLExceeded, st.Unexpected = c.Malformed, c.TTLExceeded, c.Unexpected
	st.LateReplies, st.NoPeer, st.Resends = c.LateReplies, c.NoPeer, c.Resends
	st.DroppedFull, st.Filtered = c.DroppedFull, c.Filtered
	st.SendQueue, st.RecvQueue, st.Outstanding = c.SendQueue, c.RecvQueue, c.Outstanding
	return st
}

func bytesIn(batch []transport.Message) (n uint64) {
	for i := range batch {
		n += uint64(len(batch[i].Data))
	}
	return n
}
