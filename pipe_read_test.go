package gonng

import "testing"

// TestCloseLeavesReading: while a socket closes, the pipe's goroutine reads what nobody reads,
// and leaves a connection that a receiver reads to that: it would hold the receiver up.
func TestCloseLeavesReading(t *testing.T) {
	for before, after := range map[reading]reading{paused: byPipe, lent: byPipe, byReceiver: byReceiver} {
		pull, err := NewPull0()
		if err != nil {
			t.Fatal(err)
		}
		s := pull.socket
		p := &Pipe{s: s, conn: untouchable{t: t}, room: make(chan struct{}, 1)}
		p.init(1)
		s.lock()
		p.place = s.pipes.add(p)
		p.reading = before
		s.unlock()
		s.shut()
		s.lock()
		if p.reading != after || len(p.room) == 1 != (after == byPipe) {
			t.Errorf("reading %d becomes %d with %d tokens for the pipe's goroutine, want %d", before, p.reading, len(p.room), after)
		}
		s.pipes.remove(p.place)
		s.unlock()
		if err := pull.Close(); err != nil {
			t.Error(err)
		}
	}
}
