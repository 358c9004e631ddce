package gonngtest

import (
	"bytes"
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// through returns two scripted peers with a proxy in the middle.
func through(t *testing.T, l *PeerListener, p *Proxy) (near, far *Peer) {
	t.Helper()
	near = Dial(t, p.URL())
	return near, l.Accept()
}

// overEach runs body over a proxy for TCP and one for Unix sockets.
func overEach(t *testing.T, body func(t *testing.T, l *PeerListener, p *Proxy)) {
	for _, scheme := range []string{"tcp", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			NoLeaks(t)
			l := Listen(t, parse(t, scheme+"://127.0.0.1:0").beside(t).url())
			body(t, l, NewProxy(t, l.URL()))
		})
	}
}

func TestProxyForwards(t *testing.T) {
	overEach(t, func(t *testing.T, l *PeerListener, p *Proxy) {
		near, far := through(t, l, p)
		near.SendFrame([]byte("up"))
		if got := far.RecvFrame(); string(got) != "up" {
			t.Errorf("received %q", got)
		}
		far.SendFrame([]byte("down"))
		if got := near.RecvFrame(); string(got) != "down" {
			t.Errorf("received %q", got)
		}
		size := int64(len(Frame(near.framing, nil)))
		Eventually(t, func() bool { return p.Up.Bytes() == size+2 && p.Down.Bytes() == size+4 }, "both frames are counted")
		if p.Conns() != 1 || p.Accepted() != 1 {
			t.Errorf("%d connections, %d accepted", p.Conns(), p.Accepted())
		}
		// One direction ends, and the other goes on.
		if err := near.Conn().(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		far.ExpectClosed()
		far.SendBytes([]byte("late"))
		far.Close()
		if got := near.RecvAll(); string(got) != "late" {
			t.Errorf("received %q", got)
		}
		Eventually(t, func() bool { return p.Conns() == 0 }, "the connection is gone")
	})
}

func TestProxyCutAll(t *testing.T) {
	overEach(t, func(t *testing.T, l *PeerListener, p *Proxy) {
		near, far := through(t, l, p)
		p.CutAll()
		near.ExpectClosed()
		far.ExpectClosed()
		near, far = through(t, l, p) // accepted as before
		p.ResetAll()
		near.ExpectClosed()
		far.ExpectClosed()
	})
}

func TestProxyCutAfter(t *testing.T) {
	overEach(t, func(t *testing.T, l *PeerListener, p *Proxy) {
		p.Up.CutAfter(10) // before there is a connection
		near, far := through(t, l, p)
		near.SendBytes([]byte("0123456789more"))
		if got := far.RecvAll(); string(got) != "0123456789" {
			t.Errorf("received %q", got)
		}
		near.ExpectClosed()

		near, far = through(t, l, p) // not cut again
		near.SendBytes([]byte("0123456789more"))
		far.RecvBytes(14)
		p.Down.CutAfter(3) // now within what follows
		far.SendBytes([]byte("12345"))
		if got := near.RecvAll(); string(got) != "123" {
			t.Errorf("received %q", got)
		}

		p.Up.CutAfter(1)
		p.Up.CutAfter(-1) // taken back
		near, far = through(t, l, p)
		near.SendBytes([]byte("12"))
		far.RecvBytes(2)
		p.Up.CutAfter(0)
		near.ExpectClosed()
	})
}

func TestProxyStallRead(t *testing.T) {
	overEach(t, func(t *testing.T, l *PeerListener, p *Proxy) {
		p.Up.StallRead()
		near, far := through(t, l, p)
		near.SendBytes([]byte("first")) // the time for what follows may be over before any of it is written
		big := make([]byte, 64<<20)
		failure := tryPeer(t, near, func(near *Peer) {
			near.Timeout = soon
			near.SendBytes(big)
		})
		wantFailure(t, failure, "i/o timeout") // the sender is held up
		far.SendBytes([]byte("down"))          // the other way is open
		near.RecvBytes(4)
		if n := p.Up.Bytes(); n != 0 {
			t.Errorf("%d bytes were forwarded", n)
		}
		p.Up.Resume()
		near.Close()
		if n := len(far.RecvAll()); n == 0 || n >= len(big) {
			t.Errorf("received %d bytes", n)
		}
	})
}

func TestProxyStallWrite(t *testing.T) {
	overEach(t, func(t *testing.T, l *PeerListener, p *Proxy) {
		near, far := through(t, l, p)
		p.Up.StallWrite()
		big := bytes.Repeat([]byte("x"), 8<<20)
		near.SendBytes(big) // the sender is not held up
		Eventually(t, func() bool { return p.Up.Held() == len(big) }, "the proxy has read all")
		if n := p.Up.Bytes(); n != 0 {
			t.Errorf("%d bytes were forwarded", n)
		}
		p.Up.Resume()
		if got := far.RecvBytes(len(big)); !bytes.Equal(got, big) {
			t.Error("received something else")
		}
		p.Up.StallWrite()
		near.SendBytes([]byte("lost"))
		Eventually(t, func() bool { return p.Up.Held() == 4 }, "the proxy has read the rest")
		p.CutAll()
		far.ExpectClosed()
		Eventually(t, func() bool { return p.Up.Held() == 0 }, "what was held is dropped")
	})
}

func TestProxyDelay(t *testing.T) {
	NoLeaks(t)
	l := Listen(t, "tcp://127.0.0.1:0")
	p := NewProxy(t, l.URL())
	near, far := through(t, l, p)
	p.Up.Delay(soon)
	start := time.Now()
	near.SendBytes([]byte("x"))
	far.RecvBytes(1)
	if d := time.Since(start); d < soon {
		t.Errorf("delayed by %v", d)
	}
	p.Up.Delay(time.Hour)
	near.SendBytes([]byte("x"))
	Eventually(t, func() bool { return p.Up.Held() == 1 }, "the proxy has read it")
	p.CutAll() // does not wait for it
	far.ExpectClosed()
}

func TestProxyRefuse(t *testing.T) {
	NoLeaks(t)
	l := Listen(t, "tcp://127.0.0.1:0")
	p := NewProxy(t, l.URL())
	p.Refuse(true)
	Dial(t, p.URL()).ExpectClosed()
	p.Refuse(false)
	near, far := through(t, l, p)
	near.SendBytes([]byte("x"))
	far.RecvBytes(1)
	if n := p.Accepted(); n != 2 {
		t.Errorf("%d accepted", n)
	}
	l.Close() // the target is not there
	Dial(t, p.URL()).ExpectClosed()
}

func TestProxyURL(t *testing.T) {
	NoLeaks(t)
	for target, want := range map[string]string{
		"ws://localhost:1/path/to?x=y": `^ws://localhost:\d+/path/to\?x=y$`,
		"wss4://127.0.0.1:1":           `^wss4://127\.0\.0\.1:\d+$`,
		"tls+tcp://*:1":                `^tls\+tcp://localhost:\d+$`,
		"unix:///tmp/x":                `^unix:///.+$`,
		"abstract://x%2fy":             `^ipc:///.+$`,
	} {
		if got := NewProxy(t, target).URL(); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("in front of %s: %s", target, got)
		}
	}
}

func TestPipeChunk(t *testing.T) {
	NoLeaks(t)
	a, b, p := NewPipe(t)
	p.Up.Chunk(1)
	go func() {
		io.WriteString(a, "abc")
		a.Close()
	}()
	buf := make([]byte, 10)
	var sizes []int
	for {
		n, err := b.Read(buf)
		if err != nil {
			break
		}
		sizes = append(sizes, n)
	}
	if len(sizes) != 3 {
		t.Errorf("reads of %v bytes", sizes)
	}
	b.Close()
	Eventually(t, func() bool { return p.Conns() == 0 }, "the pipe is gone")
}

// gonng takes its messages also one byte at a time.
func TestPipeToGonng(t *testing.T) {
	NoLeaks(t)
	a, b, p := NewPipe(t)
	p.Up.Chunk(1)
	p.Down.Chunk(1)
	ctx := Context(t, Timeout)
	pull, err := gonng.NewPull0()
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	attached := make(chan error, 1)
	go func() {
		_, err := pull.Attach(ctx, b)
		attached <- err
	}()
	push := NewPeer(t, a, StreamFraming)
	if got := push.Handshake(gonng.ProtocolPush0); got != gonng.ProtocolPull0 {
		t.Errorf("protocol %v", got)
	}
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "", "three"} {
		push.SendFrame([]byte(want))
		if got, err := pull.Recv(ctx); err != nil || string(got) != want {
			t.Errorf("Recv = %q, %v", got, err)
		}
	}
}

// A message that is cut in the middle is not received, and the dialer comes
// back for the next.
func TestProxyCutsGonng(t *testing.T) {
	overEachStream(t, func(t *testing.T, url string, prefix int64) {
		ctx := Context(t, Timeout)
		pull, err := gonng.NewPull0(gonng.WithListen(url))
		if err != nil {
			t.Fatal(err)
		}
		defer pull.Close()
		p := NewProxy(t, pull.Listeners()[0].URL())
		push, err := gonng.NewPush0(gonng.WithReconnectTime(time.Millisecond, 0))
		if err != nil {
			t.Fatal(err)
		}
		defer push.Close()
		p.Up.CutAfter(8 + prefix + 4)
		if _, err := push.Dial(ctx, p.URL()); err != nil {
			t.Fatal(err)
		}
		if err := push.Send(ctx, []byte("cut in two")); err != nil {
			t.Fatal(err)
		}
		Eventually(t, func() bool { return p.Accepted() == 2 }, "the dialer has come back")
		if err := push.WaitPeers(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if err := push.Send(ctx, []byte("whole")); err != nil {
			t.Fatal(err)
		}
		if got, err := pull.Recv(ctx); err != nil || string(got) != "whole" {
			t.Errorf("Recv = %q, %v", got, err)
		}
	})
}

func overEachStream(t *testing.T, body func(t *testing.T, url string, prefix int64)) {
	for _, scheme := range []string{"tcp", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			NoLeaks(t)
			a := parse(t, scheme+"://127.0.0.1:0").beside(t)
			body(t, a.url(), int64(len(Frame(a.framing))))
		})
	}
}

// tryPeer is try for a peer of the real test.
func tryPeer(t *testing.T, p *Peer, script func(*Peer)) string {
	t.Helper()
	return try(t, func(t testing.TB) { script(&Peer{p.Timeout, t, p.conn, p.framing}) })
}
