package gonng

import (
	"errors"
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
}

// ConnectStats are the counters of the connections of a socket, dialer or listener since it
// was made.
type ConnectStats struct {
	Connects        uint64 `json:"connects"`         // peers connected
	ConnectFailures uint64 `json:"connect_failures"` // attempts to dial that failed
	HandshakeErrors uint64 `json:"handshake_errors"` // peers that connected and did not introduce themselves properly
	Refused         uint64 `json:"refused"`          // peers refused; those by WithAuthorize have no counter of their own
	RefusedProtocol uint64 `json:"refused_protocol"` // they speak another protocol
	RefusedByHook   uint64 `json:"refused_by_hook"`  // a PipeConnecting hook closed the pipe
	RefusedBusy     uint64 `json:"refused_busy"`     // a pair has its peer, or a listener has as many as WithMaxPeers allows
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

// PipeStats are the counters of a pipe since it was made; the last two are numbers of now.
type PipeStats struct {
	Sent          uint64 `json:"sent"`           // messages accepted for this peer
	SentBytes     uint64 `json:"sent_bytes"`     // with their headers
	Received      uint64 `json:"received"`       // messages read from the peer
	ReceivedBytes uint64 `json:"received_bytes"` // with their headers
	DroppedFull   uint64 `json:"dropped_full"`   // not sent: the peer's queue was full
	SendQueue     int    `json:"send_queue"`     // messages that wait to be written now
	RecvQueue     int    `json:"recv_queue"`     // messages that wait to be received now
}
