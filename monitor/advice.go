package monitor

import (
	"fmt"
	"strings"
	"time"
)

// suspicious is for how long a state that is usual for a moment has to last.
const suspicious = 3 * time.Second

// advice says what is suspicious in the state of a socket.
func (w *watched) advice(s *Socket, present time.Time) (list []Advice) {
	say := func(level, code, format string, args ...any) {
		list = append(list, Advice{level, code, fmt.Sprintf(format, args...)})
	}
	st := &s.Stats
	if !w.dropping.IsZero() && present.Sub(w.dropping) < lately {
		say("bad", "drops", "Messages are being dropped: %s.", dropWords(s))
	}
	if s.PipesTotal == 0 {
		w.lonely(s, present, say)
	}
	if s.Protocol == "sub" && st.Topics == 0 && !s.Raw {
		say("warn", "no_topics", "No subscriptions: a Sub0 receives nothing until it has a topic. "+
			`Call Subscribe, or give it WithTopics; the topic "" is everything.`)
	}
	if full, longest := w.full(present); full > 0 {
		what := "messages wait for them, and Send may wait, too"
		if s.Lossy {
			what = "what has no room is dropped"
		}
		say("warn", "queue_full", "The send queue of %s has been full for %.0f s: the program there, or the network, takes less than is sent; %s.",
			count(full, "peer"), longest.Seconds(), what)
	}
	if st.RecvQueue > 0 && present.Sub(w.takenAt) >= suspicious {
		say("warn", "not_received", "%s wait here, and the program has received none for %.0f s: does it call Recv, or has a handler stopped?",
			count(st.RecvQueue, "message"), present.Sub(w.takenAt).Seconds())
	}
	if st.RefusedProtocol > 0 {
		say("warn", "refused_protocol", "%s refused for the protocol: this is a %s socket, which talks to %s only. See the events for who it was.",
			was(st.RefusedProtocol, "peer"), s.Protocol, s.Peer)
	}
	if st.HandshakeErrors > 0 {
		say("info", "strangers", "%s without introducing themselves as a peer: a browser, a port scan, or a health probe?",
			count(int(st.HandshakeErrors), "connection")+" came")
	}
	return list
}

// lonely is the advice for a socket that is not connected.
func (w *watched) lonely(s *Socket, present time.Time, say func(level, code, format string, args ...any)) {
	for _, d := range s.Dialers {
		if d.Error == "" {
			continue
		}
		next := ""
		if d.NextAttempt != nil {
			next = fmt.Sprintf(" It tries again in %.1f s.", max(0, d.NextAttempt.Sub(present).Seconds()))
		}
		say("bad", "not_connected", "Nobody is connected. Dialing %s failed: %s. Does a %s socket listen there, and can it be reached from here?%s",
			d.URL, d.Error, s.Peer, next)
		return
	}
	switch {
	case len(s.Dialers) > 0:
		say("warn", "not_connected", "Nobody is connected; dialing %s.", s.Dialers[0].URL)
	case len(s.Listeners) > 0 && s.Stats.Connects > 0:
		say("warn", "not_connected", "All peers have gone. See the events for why; the socket listens at %s.", s.Listeners[0].URL)
	case len(s.Listeners) > 0:
		say("info", "not_connected", "Nobody has connected yet. A %s socket can dial %s.", s.Peer, s.Listeners[0].URL)
	default:
		say("warn", "not_connected", "The socket is connected to nobody: it neither dials nor listens.")
	}
}

// full is how many peers have had a full queue for a while, and for how long at most.
func (w *watched) full(present time.Time) (peers int, longest time.Duration) {
	for _, p := range w.pipes {
		if p.full.IsZero() {
			continue
		}
		if d := present.Sub(p.full); d >= suspicious {
			peers++
			longest = max(longest, d)
		}
	}
	return peers, longest
}

// dropWords says for which reasons the socket has dropped messages.
func dropWords(s *Socket) string {
	var words []string
	for _, reason := range []struct {
		n     uint64
		words string
	}{
		{s.Stats.DroppedFull, "because a queue was full, so a receiver is too slow (or WithSendBuffer or WithRecvBuffer too small)"},
		{s.Stats.TTLExceeded, "after too many hops (a loop of devices, or WithTTL too small)"},
		{s.Stats.Unexpected, "because nobody here asked for them"},
		{s.Stats.LateReplies, "because the reply came too late"},
		{s.Stats.NoPeer, "because the peer that they were for has gone"},
		{s.Stats.Malformed, "because they made no sense"},
	} {
		if reason.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", reason.n, reason.words))
		}
	}
	return strings.Join(words, ", ")
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func was(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing + " was"
	}
	return fmt.Sprintf("%d %ss were", n, thing)
}
