package stream_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/stream"
)

// TestWriterTLS: a TLS connection is written to when all of it surely fits, and
// a peer that does not read makes nobody wait.
func TestWriterTLS(t *testing.T) {
	gonngtest.NoLeaks(t)
	near, far := tlsPair(t)
	w := stream.NewWriter(near)
	try := func(size, want int) {
		t.Helper()
		if n, err := w.Try(make([]byte, size)); n != want || err != nil {
			t.Fatalf("%d of %d bytes are written, %v; want %d", n, size, err, want)
		}
	}
	if _, err := far.Write([]byte("!")); err != nil { // confirms what the handshake sent
		t.Fatal(err)
	}
	if _, err := near.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	try(4<<10, 4<<10)
	if _, err := io.ReadFull(far, make([]byte, 4<<10)); err != nil {
		t.Fatal(err)
	}
	try(4<<10+1, 0)
	for size := range 64 << 20 {
		n, err := w.Try(make([]byte, 4<<10))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Logf("%d KiB fit", 4*size)
			return
		}
	}
	t.Error("it takes what nobody reads")
}

// tlsPair returns both ends of a TLS connection after the handshake.
func tlsPair(t *testing.T) (near, far *tls.Conn) {
	t.Helper()
	ca := gonngtest.NewCA(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near = tls.Client(dialed, &tls.Config{RootCAs: ca.Pool, ServerName: "localhost"})
	far = tls.Server(accepted, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t).TLS()}})
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	shaken := make(chan error)
	go func() { shaken <- far.Handshake() }()
	if err := near.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	return near, far
}
