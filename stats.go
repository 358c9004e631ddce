package gonng

import (
	"errors"
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
