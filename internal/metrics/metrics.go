// Package metrics says which metrics the counters of gonng are: for the exporters, which
// are modules of their own and share the names.
package metrics

import (
	"net/url"
	"strings"

	"github.com/gonng/gonng"
)

// Metric is a number in S, which is [gonng.Stats] or [gonng.PipeStats]. Metrics of one name
// differ in the value of their label.
type Metric[S any] struct {
	Name  string // without the prefix gonng_, and without _total
	Help  string
	Label string // "": it has none
	Value string // of the label
	Unit  string // of OpenTelemetry
	Gauge bool   // it is a number of now; else it only grows
	Of    func(*S) uint64
}

func counter[S any](name, help, label, value, unit string, of func(*S) uint64) Metric[S] {
	return Metric[S]{name, help, label, value, unit, false, of}
}

func gauge[S any](name, help, label, value, unit string, of func(*S) int) Metric[S] {
	return Metric[S]{name, help, label, value, unit, true, func(s *S) uint64 { return uint64(max(0, of(s))) }}
}

const (
	messages      = "{message}"
	messagesHelp  = "Messages that were accepted by Send, and that were read from peers."
	bytesHelp     = "Bytes of those messages, with their headers."
	droppedHelp   = "Messages that were lost, by the reason for which they were. What no topic matched is not among them."
	refusedHelp   = "Peers that were refused, by the reason."
	queueHelp     = "Messages that wait to be written, and to be received."
	peerQueueHelp = "Memory that the messages in the queues of the peer use, in bytes."
)

// Socket are the metrics of a socket.
func Socket() []Metric[gonng.Stats] {
	type S = gonng.Stats
	dropped := func(reason string, of func(*S) uint64) Metric[S] {
		return counter("dropped", droppedHelp, "reason", reason, messages, of)
	}
	refused := func(reason string, of func(*S) uint64) Metric[S] {
		return counter("refused", refusedHelp, "reason", reason, "{peer}", of)
	}
	return []Metric[S]{
		counter("messages", messagesHelp, "direction", "sent", messages, func(s *S) uint64 { return s.Sent }),
		counter("messages", messagesHelp, "direction", "received", messages, func(s *S) uint64 { return s.Received }),
		counter("bytes", bytesHelp, "direction", "sent", "By", func(s *S) uint64 { return s.SentBytes }),
		counter("bytes", bytesHelp, "direction", "received", "By", func(s *S) uint64 { return s.ReceivedBytes }),
		dropped("dropped_full", func(s *S) uint64 { return s.DroppedFull }),
		dropped("unsent", func(s *S) uint64 { return s.Unsent }),
		dropped("malformed", func(s *S) uint64 { return s.Malformed }),
		dropped("ttl_exceeded", func(s *S) uint64 { return s.TTLExceeded }),
		dropped("too_large", func(s *S) uint64 { return s.TooLarge }),
		dropped("truncated", func(s *S) uint64 { return s.Truncated }),
		dropped("unexpected", func(s *S) uint64 { return s.Unexpected }),
		dropped("late_replies", func(s *S) uint64 { return s.LateReplies }),
		dropped("no_peer", func(s *S) uint64 { return s.NoPeer }),
		counter("filtered", "Messages that no topic of the Sub0 matched.", "", "", messages, func(s *S) uint64 { return s.Filtered }),
		counter("resends", "Requests that were sent again.", "", "", messages, func(s *S) uint64 { return s.Resends }),
		counter("connects", "Peers that connected.", "", "", "{peer}", func(s *S) uint64 { return s.Connects }),
		counter("connect_failures", "Attempts to dial that failed.", "", "", "{attempt}", func(s *S) uint64 { return s.ConnectFailures }),
		counter("handshake_errors", "Peers that connected and did not introduce themselves properly.", "", "", "{peer}", func(s *S) uint64 { return s.HandshakeErrors }),
		refused("protocol", func(s *S) uint64 { return s.RefusedProtocol }),
		refused("hook", func(s *S) uint64 { return s.RefusedByHook }),
		refused("busy", func(s *S) uint64 { return s.RefusedBusy }),
		refused("other", func(s *S) uint64 {
			known := s.RefusedProtocol + s.RefusedByHook + s.RefusedBusy
			return max(s.Refused, known) - known
		}),
		gauge("pipes", "Peers that are connected.", "", "", "{peer}", func(s *S) int { return s.Pipes }),
		gauge("queue_messages", queueHelp, "queue", "send", messages, func(s *S) int { return s.SendQueue }),
		gauge("queue_messages", queueHelp, "queue", "recv", messages, func(s *S) int { return s.RecvQueue }),
		gauge("outstanding", "Requests or surveys that wait for answers.", "", "", "{request}", func(s *S) int { return s.Outstanding }),
		gauge("topics", "Topics that a Sub0 and its contexts are subscribed to.", "", "", "{topic}", func(s *S) int { return s.Topics }),
	}
}

// Pipe are the metrics of a pipe.
func Pipe() []Metric[gonng.PipeStats] {
	type S = gonng.PipeStats
	return []Metric[S]{
		counter("peer_messages", messagesHelp, "direction", "sent", messages, func(s *S) uint64 { return s.Sent }),
		counter("peer_messages", messagesHelp, "direction", "received", messages, func(s *S) uint64 { return s.Received }),
		counter("peer_bytes", bytesHelp, "direction", "sent", "By", func(s *S) uint64 { return s.SentBytes }),
		counter("peer_bytes", bytesHelp, "direction", "received", "By", func(s *S) uint64 { return s.ReceivedBytes }),
		counter("peer_dropped", droppedHelp, "reason", "dropped_full", messages, func(s *S) uint64 { return s.DroppedFull }),
		gauge("peer_queue_messages", queueHelp, "queue", "send", messages, func(s *S) int { return s.SendQueue }),
		gauge("peer_queue_messages", queueHelp, "queue", "recv", messages, func(s *S) int { return s.RecvQueue }),
		gauge("peer_queue_bytes", peerQueueHelp, "queue", "send", "By", func(s *S) int { return s.SendQueueBytes }),
		gauge("peer_queue_bytes", peerQueueHelp, "queue", "recv", "By", func(s *S) int { return s.RecvQueueBytes }),
	}
}

// Text is a text for a label. The exporters refuse, or panic at, what is not UTF-8, and a
// name or the path of an ipc socket may be any bytes.
func Text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// URL is a URL for a label, without what may be secret in it.
func URL(raw string) string {
	raw = Text(raw)
	if !strings.ContainsAny(raw, "@?") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "unreadable"
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}
