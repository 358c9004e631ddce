package sp

import (
	"fmt"
	"testing"
)

// TestTurns: peers with room get messages in turn; one without is passed over, and
// comes back behind the others when it has room again.
func TestTurns(t *testing.T) {
	r := newRig(t, NewPush(), Config{SendBuffer: 2})
	a, b, c := r.connect(), r.connect(), r.connect()
	for i := range 6 {
		equal(t, "verdict", r.send(r, fmt.Sprint(i)), OK)
	}
	equal(t, "with all full", r.send(r, "6"), Wait)
	equal(t, "to b", r.written(b), []string{"1", "4"})
	equal(t, "verdict", r.send(r, "7"), OK)
	equal(t, "to a", r.written(a), []string{"0", "3"})
	equal(t, "to b", r.written(b), []string{"7"})
	equal(t, "to c", r.written(c), []string{"2", "5"})
	for i := 8; i < 11; i++ {
		r.send(r, fmt.Sprint(i))
	}
	equal(t, "to b", r.written(b), []string{"8"})
	equal(t, "to a", r.written(a), []string{"9"})
	equal(t, "to c", r.written(c), []string{"10"})
}

// TestPriority: a number is used only while no peer of a lower one has room.
func TestPriority(t *testing.T) {
	r := newRig(t, NewPush(), Config{SendBuffer: 1})
	var peers []*Peer
	for _, n := range []int{2, 1, 3, 1} {
		p := r.newPeer()
		p.Priority = n
		peers = append(peers, r.attach(p))
	}
	for i := range 4 {
		r.send(r, fmt.Sprint(i))
	}
	for i, want := range []string{"2", "0", "3", "1"} {
		equal(t, fmt.Sprintf("to peer %d", i), r.written(peers[i]), []string{want})
	}
	r.disconnect(peers[1])
	r.send(r, "4")
	r.send(r, "5")
	equal(t, "to the other of the first number", r.written(peers[3]), []string{"4"})
	equal(t, "to the second number", r.written(peers[0]), []string{"5"})
}

// TestHeld: the send buffer keeps messages while nobody is connected; they go to the
// first that comes, in order, before what is sent later.
func TestHeld(t *testing.T) {
	body := large(CopyMax + 1)
	for _, row := range []struct {
		name   string
		x      Protocol
		header string
	}{
		{"push", NewPush(), ""}, {"pair", NewPair(0), ""}, {"pair1", NewPair(1), word(1)},
		{"raw push", NewRaw(RawKind{Send: ToOne}), ""},
	} {
		r := newRig(t, row.x, Config{SendBuffer: 3})
		for _, b := range []string{"1", body, "3"} {
			equal(t, row.name+": verdict", r.send(r, b), OK)
		}
		equal(t, row.name+": CanSend", r.CanSend(), false)
		equal(t, row.name+": the fourth", r.send(r, "4"), Wait)
		equal(t, row.name+": send queue", r.c.Counters.SendQueue, 3)
		p := r.connect()
		equal(t, row.name+": send queue of the peer", p.SendQueue(), 3)
		h := row.header
		equal(t, row.name+": written", r.written(p), []string{h + "1", h + body, h + "3"})
		equal(t, row.name+": send queue", r.c.Counters.SendQueue, 0)
		r.disconnect(p)
		r.send(r, "5")
		r.send(r, "6")
		r.Close()
		equal(t, row.name+": unsent", r.c.Counters.Unsent, 2)
		equal(t, row.name+": send queue", r.c.Counters.SendQueue, 0)
	}
}

// TestHeldInOrder: with messages kept, nothing overtakes them.
func TestHeldInOrder(t *testing.T) {
	r := newRig(t, NewPush(), Config{SendBuffer: 3})
	for i := range 3 {
		r.send(r, fmt.Sprint(i))
	}
	r.Configure(Config{SendBuffer: 1})
	p := r.connect() // with room for one
	equal(t, "verdict", r.send(r, "3"), Wait)
	for i := range 3 {
		equal(t, "written", r.write(p), []string{fmt.Sprint(i)})
	}
	equal(t, "verdict", r.send(r, "3"), OK)
}

// TestNothingHeld: without a send buffer a send waits for a peer.
func TestNothingHeld(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	equal(t, "verdict", r.send(r, "1"), Wait)
	equal(t, "CanSend", r.CanSend(), false)
	w := waiting(r.Room(), 1)
	r.connect()
	equal(t, "woken by a peer", r.woken(), w)
	equal(t, "CanSend", r.CanSend(), true)
}

// TestSendersWakeToHold: a sender that waits for a full peer is woken when the peer goes,
// because its message can be kept then; and so is one when the buffer grows.
func TestSendersWakeToHold(t *testing.T) {
	for _, x := range []Protocol{NewPush(), NewPair(0), NewRaw(RawKind{Send: ToOne})} {
		r := newRig(t, x, Config{SendBuffer: 1})
		p := r.connect()
		r.send(r, "1")
		equal(t, "verdict", r.send(r, "2"), Wait)
		w := waiting(r.Room(), 1)
		r.disconnect(p)
		equal(t, "woken by the end of the peer", r.woken(), w)
		w[0].Woken()
		equal(t, "verdict", r.send(r, "2"), OK)
		w = waiting(r.Room(), 1)
		r.Configure(Config{SendBuffer: 2})
		equal(t, "woken by a larger buffer", r.woken(), w)
	}
}

// TestSenderWoken: a peer with room again wakes one sender.
func TestSenderWoken(t *testing.T) {
	r := newRig(t, NewPush(), Config{SendBuffer: 1})
	p := r.connect()
	r.send(r, "1")
	equal(t, "verdict", r.send(r, "2"), Wait)
	ws := waiting(r.Room(), 2)
	equal(t, "written", r.write(p), []string{"1"})
	equal(t, "woken", r.woken(), ws[:1])
	r.Close()
	equal(t, "woken by Close", r.woken(), ws[1:])
	equal(t, "verdict", ws[1].Verdict, Closed)
}

// TestClosedPeerNotSentTo: a peer whose connection ends is not chosen any more, also
// before it is detached.
func TestClosedPeerNotSentTo(t *testing.T) {
	for name, end := range map[string]func(p *Peer){
		"closed": func(p *Peer) { p.CloseOutbox() },
		"failed": func(p *Peer) { p.WriteFailed() },
	} {
		r := newRig(t, NewPush(), Config{})
		p := r.connect()
		end(p)
		equal(t, name+": CanSend", r.CanSend(), false)
		equal(t, name+": verdict", r.send(r, "1"), Wait)
		early := r.newPeer()
		end(early)
		r.attach(early)
		equal(t, name+" before it came: CanSend", r.CanSend(), false)
	}
}
