package gonngtest

import (
	"net"
	"testing"
	"time"
)

// Peer is the other end of a connection, played by the test byte by byte. It
// knows the wire format on its own account: it shares no code with gonng, so
// that the two can check each other. Whatever does not happen within its
// timeout ends the test.
//
// A Peer is closed when the test ends. Its methods are for one goroutine.
type Peer struct {
	// Timeout bounds every method; at first it is [Timeout].
	Timeout time.Duration

	t       testing.TB
	conn    net.Conn
	framing Framing
}

// Dial connects to url, which is one of tcp, ipc, unix or abstract.
func Dial(t testing.TB, url string) *Peer {
	t.Helper()
	a := parse(t, url)
	conn, err := net.DialTimeout(a.network, a.addr, Timeout)
	if err != nil {
		t.Fatalf("scripted peer: %v", err)
	}
	return NewPeer(t, conn, a.framing)
}

// NewPeer plays the peer on conn, which it takes over: one end of a [net.Pipe]
// whose other end was given to a socket's Attach, or a TLS connection.
func NewPeer(t testing.TB, conn net.Conn, framing Framing) *Peer {
	t.Cleanup(func() { conn.Close() })
	return &Peer{Timeout, t, conn, framing}
}

// PeerListener is where the test waits for sockets that dial.
type PeerListener struct {
	t testing.TB
	l net.Listener
	a address
}

// Listen listens at url, of the same schemes as [Dial], until the test ends.
func Listen(t testing.TB, url string) *PeerListener {
	t.Helper()
	a := parse(t, url)
	return &PeerListener{t, a.listen(t), a}
}

// URL is where to dial, with the real port if the listener was given port 0.
func (l *PeerListener) URL() string { return l.a.at(l.l) }

// Close stops listening; accepted peers stay.
func (l *PeerListener) Close() { l.l.Close() }

// Accept waits for the next connection.
func (l *PeerListener) Accept() *Peer {
	l.t.Helper()
	err := l.l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(Timeout))
	if err != nil {
		l.t.Fatalf("scripted peer: %v", err)
	}
	conn, err := l.l.Accept()
	if err != nil {
		l.t.Fatalf("scripted peer: nobody connected to %s: %v", l.URL(), err)
	}
	return NewPeer(l.t, conn, l.a.framing)
}

// Conn is the connection, for what a Peer cannot do itself.
func (p *Peer) Conn() net.Conn { return p.conn }

// Close closes the connection.
func (p *Peer) Close() { p.conn.Close() }
