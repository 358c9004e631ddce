package gonngtest

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// checkWrittenBeforeClose: what Write took before Close arrives.
func checkWrittenBeforeClose(t testing.TB, c *contract) {
	for _, side := range []string{"dialing", "listening"} {
		from, to := c.link(t, c.config(dialing), c.config(listening))
		if side == "listening" {
			from, to = to, from
		}
		from.receive() // so that nothing unread resets the connection
		to.receive()
		sent := beside(func() error {
			for i := range 100 {
				if err := from.send(body(i, i*i*20)); err != nil {
					return err
				}
			}
			return from.Close()
		})
		for i := range 100 {
			to.want(t, body(i, i*i*20))
		}
		if err := await(t, "the messages are written", sent); err != nil {
			t.Errorf("Write and Close: %v", err)
		}
		to.wantEnd(t)
	}
}

// checkCloseEndsRead: Close ends the Read of both sides; closing twice is
// harmless, and a closed connection refuses everything.
func checkCloseEndsRead(t testing.TB, c *contract) {
	for _, side := range []string{"dialing", "listening"} {
		a, b := c.link(t, c.config(dialing), c.config(listening))
		if side == "listening" {
			a, b = b, a
		}
		b.receive()
		if err := a.send([]byte("last")); err != nil {
			t.Fatalf("Write: %v", err)
		}
		a.receive()
		b.want(t, []byte("last"))
		closed := beside(a.Close)
		a.wantEnd(t)
		b.wantEnd(t)
		await(t, "Close returns", closed)
		_ = a.Close()
		if err := a.send([]byte("late")); err == nil {
			t.Error("a closed connection takes messages")
		}
		await(t, "Close of the other side returns", beside(b.Close))
	}
}

// checkCloseEndsWrite: Close, by either side, ends a Write that waits for who
// does not read.
func checkCloseEndsWrite(t testing.TB, c *contract) {
	for _, closes := range []string{"this side", "the other side"} {
		from, to := c.link(t, c.config(dialing), c.config(listening))
		var written atomic.Int64
		ended := beside(func() error {
			for {
				if err := from.send(body(0, 100_000)); err != nil {
					return err
				}
				if written.Add(100_000) > enough {
					return nil
				}
			}
		})
		last, since := int64(-1), time.Now()
		Eventually(t, func() bool {
			if n := written.Load(); n != last {
				last, since = n, time.Now()
			}
			return time.Since(since) > 50*time.Millisecond
		}, "Write waits")
		closing := from
		if closes == "the other side" {
			closing = to
		}
		closed := beside(closing.Close)
		if err := await(t, "Close by "+closes+" ends Write", ended); err == nil {
			t.Errorf("Write has taken %d bytes that nobody reads", written.Load())
		}
		await(t, "Close returns", closed)
	}
}

// checkCloseEndsAccept: Close ends Accept, with net.ErrClosed, and leaves the
// address to the next.
func checkCloseEndsAccept(t testing.TB, c *contract) {
	l := c.listen(t, c.config(listening))
	accept := func() error {
		peer, err := l.Accept()
		if err == nil {
			peer.Close()
		}
		return err
	}
	waiting := beside(accept)
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_ = l.Close() // harmless
	for _, accepted := range []<-chan error{waiting, beside(accept)} {
		if err := await(t, "Close ends Accept", accepted); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept of a closed listener: error %v, want net.ErrClosed", err)
		}
	}
	scheme, address := splitURL(t, l.URL())
	again, err := c.Listen(Context(t, Timeout), scheme, address, c.config(listening))
	if err != nil {
		t.Fatalf("Listen where a closed listener was: %v", err)
	}
	again.Close()
}
