package inproc_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func dialer() *transport.Config {
	return &transport.Config{Protocol: 0x50, Peer: 0x51, ProtocolName: "push", PeerName: "pull", HandshakeTimeout: time.Minute}
}

func listener() *transport.Config {
	return &transport.Config{Protocol: 0x51, Peer: 0x50, ProtocolName: "pull", PeerName: "push", HandshakeTimeout: time.Minute}
}

// dialed is what Dial returns.
type dialed struct {
	conn transport.Conn
	err  error
}

// connect dials a new listener, and returns the peer that it accepts.
func connect(t *testing.T, ctx context.Context, cfg *transport.Config) (transport.Decider, <-chan dialed) {
	t.Helper()
	var tr inproc.Transport
	l, err := tr.Listen(ctx, "inproc", "x", listener())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	done := make(chan dialed, 1)
	go func() {
		c, err := tr.Dial(ctx, "inproc", "x", cfg)
		done <- dialed{c, err}
	}()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return peer.(transport.Decider), done
}

// TestDialWaits: Dial returns when the listener has decided, and not before.
func TestDialWaits(t *testing.T) {
	peer, done := connect(t, t.Context(), dialer())
	conn, err := peer.Hear(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	select {
	case d := <-done:
		t.Fatalf("Dial returns %v before the answer", d)
	default:
	}
	if err := peer.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := <-done
	if d.err != nil {
		t.Fatal(d.err)
	}
	d.conn.Close()
}

// TestRefused: the dialer hears why, and of what kind that is at its own end.
func TestRefused(t *testing.T) {
	same := dialer()
	same.Protocol, same.ProtocolName, same.Peer, same.PeerName = 0x30, "req", 0x31, "rep"
	for name, row := range map[string]struct {
		cfg    *transport.Config
		refuse func(transport.Decider, transport.Conn)
		kind   error
		says   []string
	}{
		"busy": {dialer(), func(p transport.Decider, _ transport.Conn) {
			p.Refuse(errors.Join(transport.ErrBusy, errors.New("one is enough"), net.ErrClosed))
		}, syscall.ECONNREFUSED, []string{"one is enough"}},
		"forbidden":      {dialer(), func(p transport.Decider, _ transport.Conn) { p.Refuse(os.ErrPermission) }, fs.ErrPermission, nil},
		"wrong protocol": {same, func(p transport.Decider, _ transport.Conn) { p.Refuse(transport.ErrBusy) }, transport.ErrWrongPeer, []string{"pull", "push", "req", "rep"}},
		"closed":         {dialer(), func(_ transport.Decider, c transport.Conn) { c.Close() }, syscall.ECONNREFUSED, []string{"without an answer"}},
		"not heard":      {dialer(), func(p transport.Decider, _ transport.Conn) { p.Close() }, syscall.ECONNREFUSED, nil},
	} {
		peer, done := connect(t, t.Context(), row.cfg)
		conn, err := peer.Hear(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		row.refuse(peer, conn)
		d := <-done
		if !errors.Is(d.err, row.kind) || errors.Is(d.err, net.ErrClosed) {
			t.Errorf("%s: Dial returns %v, want %v", name, d.err, row.kind)
			continue
		}
		for _, text := range row.says {
			if !strings.Contains(d.err.Error(), text) {
				t.Errorf("%s: the error does not say %q: %v", name, text, d.err)
			}
		}
	}
}

// TestDialGivesUp: a dialer waits for an answer only as long as its context and the
// handshake may take; the listener is told.
func TestDialGivesUp(t *testing.T) {
	hasty := dialer()
	hasty.HandshakeTimeout = time.Millisecond
	for name, row := range map[string]struct {
		cfg   *transport.Config
		begin func(cancel func())
		want  error
	}{
		"timeout":  {hasty, func(func()) {}, os.ErrDeadlineExceeded},
		"canceled": {dialer(), func(cancel func()) { cancel() }, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var tr inproc.Transport
		l, err := tr.Listen(ctx, "inproc", "x", listener())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan dialed, 1)
		go func() {
			c, err := tr.Dial(ctx, "inproc", "x", row.cfg)
			done <- dialed{c, err}
		}()
		peers := make(chan transport.Incoming, 1)
		go func() {
			defer close(peers)
			if peer, err := l.Accept(); err == nil {
				peers <- peer
			}
		}()
		row.begin(cancel)
		if d := <-done; !errors.Is(d.err, row.want) {
			t.Errorf("%s: Dial returns %v, want %v", name, d.err, row.want)
		}
		l.Close()
		if peer, ok := <-peers; ok {
			if err := peer.(transport.Decider).Answer(t.Context()); !errors.Is(err, syscall.ECONNABORTED) {
				t.Errorf("%s: Answer returns %v", name, err)
			}
		}
	}
}
