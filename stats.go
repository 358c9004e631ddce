package gonng

import (
	"errors"
	"io"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

// Stats are the counters of a socket since it was made; the last group has numbers of now.
// nng: nng_stats_get.
type Stats struct {
	Sent          uint64 `json:"sent"`           // messages accepted by Send
	SentBytes     uint64 `json:"sent_bytes"`     // with their headers
	Received      uint64 `json:"received"`       // messages read from peers
	ReceivedBytes uint64 `json:"received_bytes"` // with their headers

	ConnectStats

	Unsent      uint64 `json:"unsent"`       // accepted by Send and not written before the peer went, or not forwarded by a Device
	Malformed   uint64 `json:"malformed"`    // dropped: the message or its protocol header makes no sense
	TTLExceeded uint64 `json:"ttl_exceeded"` // dropped: passed through too many nodes
	TooLarge    uint64 `json:"too_large"`    // peers disconnected for a message above the limit
	Truncated   uint64 `json:"truncated"`    // messages of which the peer sent a part and then went away
	Unexpected  uint64 `json:"unexpected"`   // dropped: the protocol does not receive, or the reply is of a peer that was not asked
	LateReplies uint64 `json:"late_replies"` // dropped: the request or survey is answered, given up or over
	NoPeer      uint64 `json:"no_peer"`      // dropped: the peer that it was for has gone
	Resends     uint64 `json:"resends"`      // requests sent again
	DroppedFull uint64 `json:"dropped_full"` // dropped: the queue of a peer, subscriber or survey was full
	Filtered    uint64 `json:"filtered"`     // dropped: no topic of the Sub0 matched

	Pipes       int `json:"pipes"`       // peers connected now
	SendQueue   int `json:"send_queue"`  // messages that wait to be written now
	RecvQueue   int `json:"recv_queue"`  // messages that wait to be received now
	Outstanding int `json:"outstanding"` // requests or surveys that wait for answers now
	Topics      int `json:"topics"`      // topics that a Sub0 and its contexts are subscribed to now
}

func (st *Stats) sent(bytes uint64) {
	st.Sent++
	st.SentBytes += bytes
}

func (st *Stats) received(count int, bytes uint64) {
	st.Received += uint64(count)
	st.ReceivedBytes += bytes
}

func (st *Stats) unsent(n int) { st.Unsent += uint64(n) }

func (st *Stats) tooLarge() { st.TooLarge++ }

// brokeOff counts a connection that ended in the middle of a message, and reports whether
// it did.
func (st *Stats) brokeOff(why error) bool {
	switch {
	case errors.Is(why, ErrMessageTooLarge):
		st.TooLarge++
	case errors.Is(why, io.ErrUnexpectedEOF):
		st.Truncated++
	default:
		return false
	}
	return true
}

// add adds the number of pipes and what the protocol has counted.
func (st *Stats) add(pipes int, c *sp.Counters) {
	st.Pipes = pipes
	st.Unsent += c.Unsent
	st.Malformed, st.TTLExceeded, st.Unexpected = c.Malformed, c.TTLExceeded, c.Unexpected
	st.LateReplies, st.NoPeer, st.Resends = c.LateReplies, c.NoPeer, c.Resends
	st.DroppedFull, st.Filtered = c.DroppedFull, c.Filtered
	st.SendQueue, st.RecvQueue, st.Outstanding = c.SendQueue, c.RecvQueue, c.Outstanding
	st.Topics = c.Topics
}

// count counts an event of a connection.
func (st *Stats) count(event func(*ConnectStats)) { event(&st.ConnectStats) }

// ConnectStats are the counters of the connections of a socket, dialer or listener since it
// was made. nng: nng_stats_get.
type ConnectStats struct {
	Connects        uint64 `json:"connects"`         // peers connected
	ConnectFailures uint64 `json:"connect_failures"` // attempts to dial, and look-ups of names with many addresses, that failed
	HandshakeErrors uint64 `json:"handshake_errors"` // peers that connected and did not introduce themselves properly
	Refused         uint64 `json:"refused"`          // peers refused; those by WithAuthorize have no counter of their own
	RefusedProtocol uint64 `json:"refused_protocol"` // they speak another protocol
	RefusedByHook   uint64 `json:"refused_by_hook"`  // a PipeConnecting hook closed the pipe
	RefusedBusy     uint64 `json:"refused_busy"`     // a pair has its peer, or a listener has as many as WithMaxPeers allows
}

func (st *ConnectStats) connected() { st.Connects++ }

func (st *ConnectStats) failed() { st.ConnectFailures++ }

// notIntroduced counts a peer whose handshake failed.
func (st *ConnectStats) notIntroduced(why error) {
	if errors.Is(why, transport.ErrWrongPeer) {
		st.refused(classify(why))
	} else {
		st.HandshakeErrors++
	}
}

// refused counts a refusal by its reason.
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

// PipeStats are the counters of a pipe since it was made; the last four are numbers of now.
// nng: nng_stats_get.
type PipeStats struct {
	Sent          uint64 `json:"sent"`           // messages accepted for this peer
	SentBytes     uint64 `json:"sent_bytes"`     // with their headers
	Received      uint64 `json:"received"`       // messages read from the peer
	ReceivedBytes uint64 `json:"received_bytes"` // with their headers
	DroppedFull   uint64 `json:"dropped_full"`   // not sent: the peer's queue was full
	SendQueue     int    `json:"send_queue"`     // messages that wait to be written now
	RecvQueue     int    `json:"recv_queue"`     // messages that wait to be received now

	SendQueueBytes int `json:"send_queue_bytes"` // the memory that SendQueue uses
	RecvQueueBytes int `json:"recv_queue_bytes"` // the memory that RecvQueue keeps in use, more than the messages have
}

// pipeStats puts together what a pipe and the protocol have counted.
func pipeStats(received traffic, p *sp.Peer) PipeStats {
	sent, sentBytes := p.Sent()
	return PipeStats{
		Sent:           sent,
		SentBytes:      sentBytes,
		Received:       received.messages,
		ReceivedBytes:  received.bytes,
		DroppedFull:    p.DroppedFull,
		SendQueue:      p.SendQueue(),
		RecvQueue:      p.RecvQueue(),
		SendQueueBytes: p.SendQueueBytes(),
		RecvQueueBytes: p.RecvQueueBytes(),
	}
}
