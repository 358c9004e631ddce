package gonngtest

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// bytesTo returns what a scripted peer sends that does script.
func bytesTo(t *testing.T, url string, script func(*Peer)) string {
	t.Helper()
	l := parse(t, url).listen(t)
	received := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			received <- err.Error()
			return
		}
		defer conn.Close()
		b, _ := io.ReadAll(conn)
		received <- string(b)
	}()
	p := Dial(t, parse(t, url).at(l))
	script(p)
	p.Close()
	return <-received
}

func TestPeerSends(t *testing.T) {
	NoLeaks(t)
	script := func(p *Peer) {
		p.SendHello(gonng.ProtocolReq0)
		p.SendFrame([]byte("\x80\x00\x00\x01"), []byte("body"))
		p.SendFrame()
		p.SendBytes([]byte("raw"))
	}
	for url, want := range map[string]string{
		"tcp://127.0.0.1:0":           "\x00SP\x00\x00\x30\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x08\x80\x00\x00\x01body" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "raw",
		"ipc://" + shortDir(t) + "/x": "\x00SP\x00\x00\x30\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00\x08\x80\x00\x00\x01body" + "\x01\x00\x00\x00\x00\x00\x00\x00\x00" + "raw",
	} {
		if got := bytesTo(t, url, script); got != want {
			t.Errorf("%s: sent %q, want %q", url, got, want)
		}
	}
}

// received plays script on a peer that receives raw, and then nothing until
// the connection is closed, or for ever.
func received(t *testing.T, framing Framing, raw string, thenClose bool, script func(*Peer)) (failure string) {
	t.Helper()
	return try(t, func(t testing.TB) {
		a, b := net.Pipe()
		defer b.Close()
		go func() {
			io.WriteString(b, raw)
			if thenClose {
				b.Close()
			}
		}()
		p := NewPeer(t, a, framing)
		if !thenClose {
			p.Timeout = soon
		}
		script(p)
	})
}

func TestPeerReceives(t *testing.T) {
	NoLeaks(t)
	hello := "\x00SP\x00\x00\x31\x00\x00"
	for framing, frame := range map[Framing]string{
		StreamFraming: "\x00\x00\x00\x00\x00\x00\x00\x04body",
		IPCFraming:    "\x01\x00\x00\x00\x00\x00\x00\x00\x04body",
	} {
		wantNoFailure(t, received(t, framing, hello+frame, true, func(p *Peer) {
			if got := p.RecvHello(); got != gonng.ProtocolRep0 {
				t.Errorf("protocol %v", got)
			}
			if got := p.RecvFrame(); !bytes.Equal(got, []byte("body")) {
				t.Errorf("frame %q", got)
			}
			p.ExpectClosed()
		}))
	}
}

func TestPeerFails(t *testing.T) {
	NoLeaks(t)
	for name, tt := range map[string]struct {
		framing   Framing
		raw       string
		thenClose bool
		script    func(*Peer)
		want      string
	}{
		"silent":           {StreamFraming, "\x00SP", false, func(p *Peer) { p.RecvHello() }, "of 8 bytes"},
		"bad hello":        {StreamFraming, "\x00SP\x01\x00\x31\x00\x00", true, func(p *Peer) { p.RecvHello() }, "00 53 50 01 00 31 00 00 is no handshake"},
		"reserved":         {StreamFraming, "\x00SP\x00\x00\x31\x00\x01", true, func(p *Peer) { p.RecvHello() }, "is no handshake"},
		"bad kind":         {IPCFraming, "\x02\x00\x00\x00\x00\x00\x00\x00\x00", true, func(p *Peer) { p.RecvFrame() }, "begins with 0x02"},
		"absurd length":    {StreamFraming, "\xff\xff\xff\xff\xff\xff\xff\xff", true, func(p *Peer) { p.RecvFrame() }, "18446744073709551615 bytes"},
		"cut frame":        {StreamFraming, "\x00\x00\x00\x00\x00\x00\x00\x04bo", true, func(p *Peer) { p.RecvFrame() }, "received 2 of 4 bytes, 62 6f"},
		"not closed":       {StreamFraming, "", false, func(p *Peer) { p.ExpectClosed() }, "waiting for the connection to be closed"},
		"bytes then close": {StreamFraming, "x", true, func(p *Peer) { p.ExpectClosed() }, "received 1 bytes"},
		"nobody reads":     {StreamFraming, "x", false, func(p *Peer) { p.SendFrame([]byte("y")) }, "sent 0 of 9 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			wantFailure(t, received(t, tt.framing, tt.raw, tt.thenClose, tt.script), tt.want)
		})
	}
	wantFailure(t, try(t, func(t testing.TB) { Dial(t, "ipc://"+shortDir(t)+"/nobody") }), "nobody")
	wantFailure(t, try(t, func(t testing.TB) { Dial(t, "inproc://x") }), "no bytes go over inproc")
	wantFailure(t, try(t, func(t testing.TB) { Dial(t, "localhost") }), "is no URL")
}

// The scripted peer and gonng understand each other, on either side.
func TestPeerTalksToGonng(t *testing.T) {
	for _, url := range []string{"tcp://127.0.0.1:0", "ipc://" + shortDir(t) + "/x"} {
		t.Run(parse(t, url).scheme, func(t *testing.T) {
			NoLeaks(t)
			ctx := Context(t, Timeout)
			rep, err := gonng.NewRep0(gonng.WithListen(url))
			if err != nil {
				t.Fatal(err)
			}
			defer rep.Close()
			req := Dial(t, rep.Listeners()[0].URL())
			if got := req.Handshake(gonng.ProtocolReq0); got != gonng.ProtocolRep0 {
				t.Errorf("protocol %v", got)
			}
			id := []byte("\x80\x00\x00\x07")
			req.SendFrame(id, []byte("ping"))
			if b, err := rep.Recv(ctx); err != nil || string(b) != "ping" {
				t.Fatalf("Recv = %q, %v", b, err)
			}
			if err := rep.Send(ctx, []byte("pong")); err != nil {
				t.Fatal(err)
			}
			if got := req.RecvFrame(); string(got) != string(id)+"pong" {
				t.Errorf("reply %q", got)
			}
			rep.Close()
			req.ExpectClosed()
		})
	}
}

func TestPeerListens(t *testing.T) {
	NoLeaks(t)
	l := Listen(t, "tcp://127.0.0.1:0")
	push, err := gonng.NewPush0(gonng.WithReconnectTime(time.Millisecond, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	ctx := Context(t, Timeout)
	if _, err := push.Dial(ctx, l.URL(), gonng.WithDialMode(gonng.DialBackground)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the socket comes back
		pull := l.Accept()
		pull.Handshake(gonng.ProtocolPull0)
		if err := push.WaitPeers(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if err := push.Send(ctx, []byte("work")); err != nil {
			t.Fatal(err)
		}
		if got := pull.RecvFrame(); string(got) != "work" {
			t.Errorf("received %q", got)
		}
		pull.Close()
		Eventually(t, func() bool { return len(push.Pipes()) == 0 }, "the socket sees that its peer has gone")
	}
}
