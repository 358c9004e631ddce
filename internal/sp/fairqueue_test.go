package sp

import "testing"

// TestFairness: the peers with messages are received from in turn, each in its own order.
func TestFairness(t *testing.T) {
	r := newRig(t, NewPull(), Config{})
	a, b, c := r.connect(), r.connect(), r.connect()
	r.deliver(a, "a1", "a2", "a3", "a4")
	r.deliver(b, "b1")
	r.deliver(c, "c1", "c2")
	r.wantRecv(r, "a1", "b1", "c1", "a2", "c2", "a3", "a4")
	equal(t, "CanRecv", r.CanRecv(), false)
}

// TestHoldBack: a peer whose queue is full is not read, and is read on when a message of
// it was received; with a lazy one, when all were.
func TestHoldBack(t *testing.T) {
	for _, lazy := range []bool{false, true} {
		r := newRig(t, NewPull(), Config{RecvBuffer: 3})
		p, other := r.connect(), r.connect()
		p.Lazy = lazy
		equal(t, "more after two", r.deliver(p, "1", "2"), true)
		equal(t, "more after three", r.deliver(p, "3"), false)
		equal(t, "more from the other", r.deliver(other, "x"), true)
		for i, want := range []string{"1", "x", "2", "3"} {
			body, _ := r.recv(r)
			equal(t, "received", body, want)
			var resumed []*Peer
			if !lazy && i == 0 || lazy && i == 3 {
				resumed = []*Peer{p}
			}
			equal(t, "read on", r.resumed(), resumed)
		}
	}
}

// TestGrownBuffer: a buffer that has grown has room at once.
func TestGrownBuffer(t *testing.T) {
	r := newRig(t, NewPull(), Config{RecvBuffer: 1})
	p := r.connect()
	equal(t, "more", r.deliver(p, "1"), false)
	r.Configure(Config{RecvBuffer: 1})
	equal(t, "read on", r.resumed(), nil)
	r.Configure(Config{RecvBuffer: 2})
	equal(t, "read on", r.resumed(), []*Peer{p})
}

// TestReceiversWoken: a message wakes one receiver, which wakes the next only if there is
// more.
func TestReceiversWoken(t *testing.T) {
	r := newRig(t, NewPull(), Config{})
	p := r.connect()
	var ws []*Waiter
	for range 3 {
		w := new(Waiter)
		r.Await(w)
		ws = append(ws, w)
	}
	r.deliver(p, "1", "2")
	equal(t, "woken", r.woken(), ws[:1])
	ws[0].Woken()
	r.recv(r)
	equal(t, "woken by the first", r.woken(), ws[1:2])
	ws[1].Woken()
	r.recv(r)
	equal(t, "woken by the second", r.woken(), nil)
	r.Close()
	equal(t, "woken by Close", r.woken(), ws[2:])
}

// TestReceivedAfterTheEnd: what a peer sent before it went is still received.
func TestReceivedAfterTheEnd(t *testing.T) {
	for _, x := range []Protocol{NewPull(), NewPair(0), NewBus()} {
		r := newRig(t, x, Config{})
		p := r.connect()
		r.deliver(p, "1", "2")
		r.disconnect(p)
		r.wantRecv(r, "1", "2")
	}
}

// TestFanout: each peer gets each message, but for those without room; peers go from any
// place.
func TestFanout(t *testing.T) {
	for gone := range 3 {
		r := newRig(t, NewPub(), Config{SendBuffer: 1})
		peers := []*Peer{r.connect(), r.connect(), r.connect()}
		r.send(r, "1")
		equal(t, "written", r.written(peers[0]), []string{"1"})
		r.send(r, "2") // the second and third have no room
		r.disconnect(peers[gone])
		r.disconnect(peers[gone])
		for i, want := range []string{"2", "1", "1"} {
			if i == gone {
				want = ""
			}
			got := r.written(peers[i])
			if want == "" {
				equal(t, "written to the one that has gone", got, nil)
				continue
			}
			equal(t, "written", got, []string{want})
		}
		equal(t, "lost", r.c.Counters.DroppedFull, 2)
		r.send(r, "3")
		for i, p := range peers {
			if i != gone {
				equal(t, "written then", r.written(p), []string{"3"})
			}
		}
		r.disconnect(peers[(gone+2)%3])
		r.send(r, "4")
		equal(t, "written to the last", r.written(peers[(gone+1)%3]), []string{"4"})
		r.disconnect(peers[(gone+1)%3])
		r.send(r, "5")
		equal(t, "lost with nobody there", r.c.Counters.DroppedFull, 2)
	}
}
