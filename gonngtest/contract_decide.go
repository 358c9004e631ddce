package gonngtest

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/transport"
)

// dialed is what Dial returned.
type dialed struct {
	transport.Conn
	err error
}

// meet dials a new listener with the given Config and has it hear the peer, if it
// can decide.
func (c *contract) meet(t testing.TB, dialer *transport.Config) (peer transport.Decider, conn transport.Conn, dials <-chan dialed, err error) {
	t.Helper()
	l := c.listen(t, c.config(listening))
	scheme, address := splitURL(t, l.URL())
	ctx := Context(t, Timeout)
	var d dialed
	done, result := make(chan struct{}), make(chan dialed, 1)
	go func() {
		d.Conn, d.err = c.Dial(ctx, scheme, address, dialer)
		close(done)
		result <- d
	}()
	t.Cleanup(func() { // by then the listener's side is closed
		if <-done; d.err == nil {
			d.Close()
		}
	})
	dials = result
	incoming := await(t, "Accept returns", beside(func() transport.Incoming {
		peer, _ := l.Accept()
		return peer
	}))
	peer, ok := incoming.(transport.Decider)
	if !ok {
		if incoming != nil {
			incoming.Close()
		}
		await(t, "Dial ends", dials)
		return nil, nil, nil, nil
	}
	t.Cleanup(func() { peer.Close() })
	conn, err = peer.Hear(ctx)
	return peer, conn, dials, err
}

// checkDecide: Dial ends as the listener decides, and not before; a peer of a wrong
// protocol and the listener can name both.
func checkDecide(t testing.TB, c *contract) {
	for what, decide := range map[string]func(transport.Decider, transport.Conn){
		"Refuse of one too many":  func(peer transport.Decider, _ transport.Conn) { peer.Refuse(fmt.Errorf("%w: full", transport.ErrBusy)) },
		"Refuse of the forbidden": func(peer transport.Decider, _ transport.Conn) { peer.Refuse(fs.ErrPermission) },
		"Close after Hear":        func(_ transport.Decider, conn transport.Conn) { conn.Close() },
		"Close of the peer":       func(peer transport.Decider, _ transport.Conn) { peer.Close() },
	} {
		peer, conn, dials, err := c.meet(t, c.config(dialing))
		if peer == nil {
			return
		}
		if err != nil {
			t.Fatalf("Hear: %v", err)
		}
		decide(peer, conn)
		if d := await(t, "Dial ends after "+what, dials); d.err == nil {
			t.Errorf("Dial returns nil in spite of %s", what)
		}
	}

	peer, conn, dials, err := c.meet(t, c.config(dialing))
	if err == nil {
		err = peer.Answer(Context(t, Timeout))
	}
	if err != nil {
		t.Fatalf("Hear and Answer: %v", err)
	}
	d := await(t, "Dial ends after Answer", dials)
	if d.err != nil {
		t.Fatalf("Dial that was answered: %v", d.err)
	}
	a, b := newEnd(d.Conn), newEnd(conn)
	for _, ends := range [][2]*end{{a, b}, {b, a}} {
		ends[1].receive()
		if err := ends[0].send(body(1, 100)); err != nil {
			t.Fatalf("Write: %v", err)
		}
		ends[1].want(t, body(1, 100))
	}
	checkDecideWrongPeer(t, c)
}

func checkDecideWrongPeer(t testing.TB, c *contract) {
	const other = uint16(gonng.ProtocolReq0)
	peer, conn, dials, err := c.meet(t, c.config(other))
	switch {
	case err == nil && conn.Protocol() != other:
		t.Errorf("the peer has protocol %d, want %d", conn.Protocol(), other)
	case err != nil && !errors.Is(err, transport.ErrWrongPeer):
		t.Errorf("Hear of a peer of a wrong protocol: %v, want ErrWrongPeer", err)
	}
	peer.Refuse(transport.ErrWrongPeer)
	switch d := await(t, "Dial ends after Refuse", dials); {
	case d.err == nil && d.Protocol() != listening:
		t.Errorf("the listener has protocol %d, want %d", d.Protocol(), listening)
	case d.err != nil && !errors.Is(d.err, transport.ErrProtocol):
		t.Errorf("Dial with a wrong protocol: %v, want ErrProtocol", d.err)
	}
}

// checkSkip: messages above the limit are skipped and told, up to 16 times the limit,
// in the order of the others.
func checkSkip(t testing.TB, c *contract) {
	const factor, head = transport.SkipFactor, transport.SkipHead
	for _, limit := range []int{10, 1000, 40 << 10} {
		small := func(protocol uint16) *transport.Config {
			cfg := c.config(protocol)
			cfg.RecvMaxSize = limit
			return cfg
		}
		for _, listens := range []bool{true, false} {
			from, to := c.link(t, c.config(dialing), small(listening))
			if !listens {
				to, from = c.link(t, small(dialing), c.config(listening))
			}
			skipper, ok := to.Conn.(transport.Skipper)
			if !ok {
				return
			}
			told := make(chan []byte, 10)
			skipper.SkipTooLarge(func(first []byte, size uint64) { told <- fmt.Appendf(nil, "%d %x", size, first) })
			to.receive()
			go func() {
				b := from.NewBatch()
				for i, size := range []int{limit, limit + 1, 1, factor * limit, limit, factor*limit + 1} {
					appendForms[i%len(appendForms)](b, body(i, size))
				}
				_ = from.write(b) // may fail: the peer hangs up
			}()
			to.want(t, body(0, limit))
			to.want(t, body(2, 1))
			to.want(t, body(4, limit))
			if err := to.wantEnd(t); !errors.Is(err, transport.ErrMessageTooLarge) {
				t.Errorf("a message above what is skipped ended the connection with: %v; want ErrMessageTooLarge", err)
			}
			for _, skipped := range []struct{ i, size int }{{1, limit + 1}, {3, factor * limit}} {
				want := fmt.Sprintf("%d %x", skipped.size, body(skipped.i, skipped.size)[:min(head, skipped.size)])
				if got := string(await(t, "a skipped message is told", told)); got != want {
					t.Errorf("told of %.80s…, want %.80s…", got, want)
				}
			}
		}
	}
}

// checkSetConfig: peers that connect after SetConfig are taken by the new Config, and
// the others stay as they are.
func checkSetConfig(t testing.TB, c *contract) {
	s := c.serve(t, c.config(listening))
	l, ok := s.Listener.(transport.Reconfigurable)
	if !ok {
		return
	}
	connect := func() (from, to *end) {
		t.Helper()
		conn, err := c.dialURL(Context(t, Timeout), t, s.URL(), c.config(dialing))
		if err != nil {
			t.Fatalf("Dial %s: %v", s.URL(), err)
		}
		from, to = newEnd(conn), newEnd(s.next(t))
		to.receive()
		return from, to
	}
	from, to := connect()
	cfg := c.config(listening)
	cfg.RecvMaxSize = 100
	l.SetConfig(cfg)
	later, limited := connect()
	go func() { _ = later.send(body(1, 101)) }() // may fail: the peer hangs up
	if err := limited.wantEnd(t); !errors.Is(err, transport.ErrMessageTooLarge) {
		t.Errorf("above the limit of SetConfig the connection ended with: %v; want ErrMessageTooLarge", err)
	}
	if err := from.send(body(2, 101)); err != nil {
		t.Fatalf("Write: %v", err)
	}
	to.want(t, body(2, 101))
}
