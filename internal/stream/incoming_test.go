package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Push and pull.
const dialing, listening = 0x50, 0x51

func dialerConfig() *transport.Config {
	return &transport.Config{Protocol: dialing, Peer: listening, RecvMaxSize: 1 << 20, HandshakeTimeout: time.Minute}
}

func listenerConfig() *transport.Config {
	return &transport.Config{Protocol: listening, Peer: dialing, RecvMaxSize: 1 << 20, HandshakeTimeout: time.Minute}
}

// accepted is a peer that has connected, at the other end of raw.
func accepted(t *testing.T, network, address string, cfg *transport.Config) (raw net.Conn, i *incoming) {
	t.Helper()
	nl, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	l := Listen(nl, cfg)
	if raw, err = net.Dial(network, nl.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	return raw, peer.(*incoming)
}

// TestDecide: the peer hears nothing before it is decided over.
func TestDecide(t *testing.T) {
	ctx := t.Context()
	own := string(wire.AppendHandshake(nil, listening))
	for name, row := range map[string]struct {
		protocol uint16
		decide   func(*incoming, transport.Conn)
		want     string // what the peer reads
	}{
		"answered": {dialing, func(i *incoming, c transport.Conn) {
			if err := i.Answer(ctx); err != nil {
				t.Error(err)
			}
			c.Close()
		}, own},
		"refused":             {dialing, func(i *incoming, _ transport.Conn) { i.Refuse(os.ErrPermission) }, ""},
		"closed":              {dialing, func(_ *incoming, c transport.Conn) { c.Close() }, ""},
		"of a wrong protocol": {listening, func(i *incoming, _ transport.Conn) { i.Refuse(transport.ErrWrongPeer) }, own},
	} {
		for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": t.TempDir() + "/x"} {
			raw, i := accepted(t, network, address, listenerConfig())
			if _, err := raw.Write(wire.AppendHandshake(nil, row.protocol)); err != nil {
				t.Fatal(err)
			}
			c, err := i.Hear(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if c.Protocol() != row.protocol {
				t.Errorf("%s: the peer has protocol %#x, want %#x", name, c.Protocol(), row.protocol)
			}
			decided := make(chan struct{})
			go func() {
				row.decide(i, c)
				close(decided)
			}()
			got, err := io.ReadAll(raw)
			if string(got) != row.want || err != nil {
				t.Errorf("%s over %s: the peer reads %q, %v; want %q and the end", name, network, got, err, row.want)
			}
			raw.Close()
			<-decided
		}
	}
}

// TestRefuseUnread: what the peer of a wrong protocol has sent meanwhile does not
// cost it the answer.
func TestRefuseUnread(t *testing.T) {
	raw, i := accepted(t, "tcp", "127.0.0.1:0", listenerConfig())
	if _, err := raw.Write(append(wire.AppendHandshake(nil, listening), make([]byte, 10<<10)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Hear(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.Refuse(transport.ErrWrongPeer)
	got, err := io.ReadAll(raw)
	if string(got) != string(wire.AppendHandshake(nil, listening)) || err != nil {
		t.Errorf("the peer reads %q, %v", got, err)
	}
}

// TestAnswerLate: the time to decide counts.
func TestAnswerLate(t *testing.T) {
	raw, i := accepted(t, "tcp", "127.0.0.1:0", listenerConfig())
	if _, err := raw.Write(wire.AppendHandshake(nil, dialing)); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Hear(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.deadline = time.Now().Add(-time.Second)
	if err := i.Answer(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Answer after the deadline: %v", err)
	}
	if got, err := io.ReadAll(raw); len(got) > 0 || err != nil {
		t.Errorf("the peer reads %q, %v", got, err)
	}
}

// TestAnswerCanceled: whoever stops listening takes nobody any more.
func TestAnswerCanceled(t *testing.T) {
	raw, i := accepted(t, "tcp", "127.0.0.1:0", listenerConfig())
	if _, err := raw.Write(wire.AppendHandshake(nil, dialing)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := i.Hear(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := i.Answer(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Answer: %v", err)
	}
	_, _ = io.ReadAll(raw) // ends
}

// TestSilent: a peer that connects and goes without a word is told from one that
// says something wrong.
func TestSilent(t *testing.T) {
	withTLS := func(i *incoming) { i.Conn = tls.Server(i.Conn, &tls.Config{Certificates: make([]tls.Certificate, 1)}) }
	plain := func(*incoming) {}
	for name, row := range map[string]struct {
		layer  func(*incoming)
		says   string
		reset  bool
		silent bool
	}{
		"nothing":                   {plain, "", false, true},
		"nothing and a reset":       {plain, "", true, true},
		"a part":                    {plain, "\x00SP", false, false},
		"nothing over TLS":          {withTLS, "", false, true},
		"nothing and reset, TLS":    {withTLS, "", true, true},
		"a part of a record of TLS": {withTLS, "\x16\x03", false, false},
	} {
		raw, i := accepted(t, "tcp", "127.0.0.1:0", listenerConfig())
		row.layer(i)
		if _, err := raw.Write([]byte(row.says)); err != nil {
			t.Fatal(err)
		}
		if row.reset {
			raw.(*net.TCPConn).SetLinger(0)
		}
		raw.Close()
		_, err := i.Handshake(t.Context())
		if errors.Is(err, transport.ErrSilent) != row.silent || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDialNotAnswered: a dialer that is refused says what may be the case.
func TestDialNotAnswered(t *testing.T) {
	for name, reset := range map[string]bool{"closed": false, "reset": true} {
		near, far := connected(t)
		if reset {
			far.(*net.TCPConn).SetLinger(0)
		} else if _, err := io.ReadFull(far, make([]byte, 0)); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.ReadFull(far, make([]byte, wire.HandshakeSize))
			far.Close()
		}()
		_, err := Handshake(t.Context(), near, wire.StreamFraming, dialerConfig())
		if err == nil || !strings.Contains(err.Error(), "hook") || !strings.Contains(err.Error(), "pair") {
			t.Errorf("%s: %v", name, err)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %v is of no known kind", name, err)
		}
	}
}

// connected is a connection of TCP, both ends.
func connected(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// TestSetConfig: those who connect later are taken by the new rules.
func TestSetConfig(t *testing.T) {
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	l := Listen(nl, listenerConfig())
	limit := func() uint64 {
		raw, err := net.Dial("tcp", nl.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		if _, err := raw.Write(wire.AppendHandshake(nil, dialing)); err != nil {
			t.Fatal(err)
		}
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c, err := peer.Handshake(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.(native).reader.limit
	}
	if got := limit(); got != 1<<20 {
		t.Errorf("the limit is %d", got)
	}
	cfg := listenerConfig()
	cfg.RecvMaxSize = 1000
	l.SetConfig(cfg)
	if got := limit(); got != 1000 {
		t.Errorf("after SetConfig the limit is %d", got)
	}
}
