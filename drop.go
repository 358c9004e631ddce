package gonng

import (
	"log/slog"
	"time"

	"github.com/gonng/gonng/transport"
)

// dropReason is why a message was dropped that nobody has failed to send or receive.
// The log hears of the first of an episode, [Stats] count all.
type dropReason int

const (
	ttlExceeded dropReason = iota
	unexpected
	lateReply
	noPeer
	notForwarded
	dropReasons // their number
)

var drops = [dropReasons]struct {
	text    string
	counter func(*Stats) *uint64
}{
	ttlExceeded:  {"messages pass through too many nodes, dropping them", func(st *Stats) *uint64 { return &st.TTLExceeded }},
	unexpected:   {"peer sends what the protocol does not receive, dropping it", func(st *Stats) *uint64 { return &st.Unexpected }},
	lateReply:    {"nobody waits for the reply, dropping it", func(st *Stats) *uint64 { return &st.LateReplies }},
	noPeer:       {"the peer has gone, dropping messages for it", func(st *Stats) *uint64 { return &st.NoPeer }},
	notForwarded: {"cannot forward messages, dropping them", func(st *Stats) *uint64 { return &st.Unsent }},
}

// drop counts n dropped messages. The pipe that they came from or were for may be
// nil. The socket's mutex is held.
func (s *socket) drop(why dropReason, n int, p *Pipe, args ...any) {
	*drops[why].counter(&s.stats) += uint64(n)
	s.tellOnce(&s.episodes[why], drops[why].text, p, args...)
}

// unwanted drops what p sent to a socket that does not receive, and has it go on.
func (s *socket) unwanted(p *Pipe, batch []transport.Message) bool {
	s.drop(unexpected, len(batch), p)
	release(batch)
	return true
}

// droppedFull counts a message that p had no room for.
func (s *socket) droppedFull(p *Pipe) {
	s.stats.DroppedFull++
	p.stats.DroppedFull++
	s.tellOnce(&p.at.slow, "peer too slow, dropping messages to it", p)
}

// lost counts n messages that q had no room for.
func (s *socket) lost(q *dropQueue, n uint64) {
	if n > 0 {
		s.stats.DroppedFull += n
		s.tellOnce(&q.slow, "receiver too slow, dropping messages", nil)
	}
}

// tellOnce logs a loss if it begins an episode. The socket's mutex is held.
func (s *socket) tellOnce(e *episode, text string, p *Pipe, args ...any) {
	if !e.begins() {
		return
	}
	if p != nil {
		args = append(args, "pipe", p.id, "peer", p.RemoteAddr().String())
	}
	s.later(slog.LevelWarn, text, args...)
}

// episode is a run of events of one kind, which is logged once: it goes on until
// end, or a pause of episodeGap.
type episode struct{ last int64 }

const episodeGap = time.Minute

// begins reports whether an event that happens now is the first.
func (e *episode) begins() bool {
	present := now()
	first := e.last == 0 || present-e.last > int64(episodeGap)
	e.last = present
	return first
}

// end says that what comes next is the first again.
func (e *episode) end() { e.last = 0 }
