//go:build !js

package ws

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng/transport"
)

func pushConfig() *transport.Config {
	return &transport.Config{
		Protocol: 0x50, Peer: 0x51, ProtocolName: "push", PeerName: "pull",
		RecvMaxSize: 1 << 20, HandshakeTimeout: time.Minute,
	}
}

func pullConfig() *transport.Config {
	return &transport.Config{
		Protocol: 0x51, Peer: 0x50, ProtocolName: "pull", PeerName: "push",
		RecvMaxSize: 1 << 20, HandshakeTimeout: time.Minute,
	}
}

// listenWS listens at a port of its own until the test ends.
func listenWS(t testing.TB, tr *Transport, cfg *transport.Config) *listener {
	t.Helper()
	l, err := tr.Listen(context.Background(), "ws", "127.0.0.1:0/x", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*listener)
}

const upgradeRequest = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: pull.sp.nanomsg.org\r\n"

// ask sends a request and returns the connection.
func ask(t testing.TB, l *listener, request string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	return nc
}

// next is the next peer.
func next(t testing.TB, l *listener) *incoming {
	t.Helper()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	return peer.(*incoming)
}

// TestDecide: the client hears nothing before it is decided over, and then what.
func TestDecide(t *testing.T) {
	for name, row := range map[string]struct {
		decide func(*incoming, transport.Conn)
		status int // of the answer; 0: none
		says   string
	}{
		"busy": {func(i *incoming, _ transport.Conn) {
			i.Refuse(errors.Join(transport.ErrBusy, errors.New("one is enough")))
		}, 503, "one is enough"},
		"forbidden": {func(i *incoming, _ transport.Conn) { i.Refuse(os.ErrPermission) }, 403, "permission"},
		"cut":       {func(i *incoming, _ transport.Conn) { i.Refuse(errors.New(strings.Repeat("x", 1000))) }, 403, "x…\n"},
		"closed":    {func(_ *incoming, c transport.Conn) { c.Close() }, 0, ""},
		"taken": {func(i *incoming, c transport.Conn) {
			if err := i.Answer(t.Context()); err != nil {
				t.Error(err)
			}
			c.Close()
		}, 101, "\x88\x02\x03\xe8"},
		"too late": {func(i *incoming, _ transport.Conn) {
			i.deadline = time.Now().Add(-time.Second)
			if err := i.Answer(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := listenWS(t, new(Transport), pullConfig())
			nc := ask(t, l, upgradeRequest+"\r\n")
			peer := next(t, l)
			c, err := peer.Hear(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			row.decide(peer, c)
			answer, err := io.ReadAll(nc)
			if err != nil {
				t.Fatal(err)
			}
			if row.status == 0 {
				if len(answer) > 0 {
					t.Errorf("the answer is %q, want none", answer)
				}
				return
			}
			r := bufio.NewReader(bytes.NewReader(answer))
			response, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(r)
			if response.StatusCode == row.status && row.status != 101 {
				text, _ = io.ReadAll(response.Body)
				text = bytes.Join([][]byte{text, answer}, nil)
			}
			if response.StatusCode != row.status || !bytes.Contains(text, []byte(row.says)) {
				t.Errorf("the answer is %q, want %d with %q", answer, row.status, row.says)
			}
		})
	}
}

// TestDialRefused: a dialer hears the words of who refuses it.
func TestDialRefused(t *testing.T) {
	for kind, why := range map[error]error{
		syscall.ECONNREFUSED: errors.Join(transport.ErrBusy, errors.New("because of this")),
		fs.ErrPermission:     errors.New("because of this"),
	} {
		var tr Transport
		l := listenWS(t, &tr, pullConfig())
		go func() {
			if peer, err := l.Accept(); err == nil {
				peer.(transport.Decider).Refuse(why)
			}
		}()
		_, address, _ := strings.Cut(l.URL(), "://")
		_, err := tr.Dial(t.Context(), "ws", address, pushConfig())
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), "because of this") {
			t.Errorf("refused because of %v, Dial returns: %v", why, err)
		}
	}
}

// TestRequestRefused: what cannot be meant is refused before anybody is asked.
func TestRequestRefused(t *testing.T) {
	long := strings.Repeat("y", 10_000)
	for name, row := range map[string]struct {
		request string
		status  string
	}{
		"body":            {upgradeRequest + "Content-Length: 3\r\n\r\nabc", "400"},
		"chunks":          {upgradeRequest + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		"null":            {strings.Replace(upgradeRequest, "Host: h", "Host: ", 1) + "Origin: null\r\n\r\n", "403"},
		"file":            {strings.Replace(upgradeRequest, "Host: h", "Host: ", 1) + "Origin: file://\r\n\r\n", "403"},
		"long origin":     {upgradeRequest + "Origin: https://" + long + "\r\n\r\n", "403"},
		"long offer":      {strings.Replace(upgradeRequest, "pull.sp", long, 1) + "\r\n", "400"},
		"long connection": {strings.Replace(upgradeRequest, "Connection: Upgrade", "Connection: "+long, 1) + "\r\n", "426"},
		"long path":       {strings.Replace(upgradeRequest, "/x", "/"+long, 1) + "\r\n", "404"},
	} {
		l := listenWS(t, new(Transport), pullConfig())
		nc := ask(t, l, row.request)
		peer := next(t, l)
		if _, err := peer.Hear(t.Context()); err == nil || len(err.Error()) > 2*quoteMax+200 {
			t.Errorf("%s: %v", name, err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(nc, answer); err != nil || !strings.HasSuffix(string(answer), " "+row.status) {
			t.Errorf("%s: answered %q, %v; want %s", name, answer, err, row.status)
		}
	}
}

// recorder is a ResponseWriter that does not hand its connection over.
type recorder struct {
	status int
	header http.Header
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }

// TestNotHijackable: behind a handler that hides the connection there is an error
// on both sides.
func TestNotHijackable(t *testing.T) {
	l := listenWS(t, new(Transport), pullConfig())
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(upgradeRequest + "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{header: make(http.Header)}
	done := make(chan struct{})
	go func() {
		l.ServeHTTP(w, r)
		close(done)
	}()
	if _, err := next(t, l).Hear(t.Context()); !errors.Is(err, transport.ErrNotSupported) {
		t.Errorf("the listener hears: %v", err)
	}
	<-done
	if w.status != http.StatusNotImplemented || w.header.Get("Upgrade") != "" {
		t.Errorf("the answer is %d %v, want 501", w.status, w.header)
	}
}

// TestSilent: a connection without a word is told from others.
func TestSilent(t *testing.T) {
	for says, silent := range map[string]bool{"": true, "G": false} {
		l := listenWS(t, new(Transport), pullConfig())
		ask(t, l, says).Close()
		_, err := next(t, l).Hear(t.Context())
		if err == nil || errors.Is(err, transport.ErrSilent) != silent {
			t.Errorf("after %q: %v", says, err)
		}
	}
}

// failing is a listener whose Accept fails at first.
type failing struct {
	net.Listener
	errs chan error
}

func (f failing) Accept() (net.Conn, error) {
	select {
	case err := <-f.errs:
		return nil, err
	default:
		return f.Listener.Accept()
	}
}

// TestAcceptFails: what Accept of the server says is for the listener, which goes on.
func TestAcceptFails(t *testing.T) {
	l := listenWS(t, new(Transport), pullConfig())
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	errs := make(chan error, 2)
	errs <- syscall.EMFILE
	errs <- syscall.EMFILE
	accept := &acceptListener{failing{nl, errs}, l.server}
	accepted := make(chan error, 1)
	go func() {
		nc, err := accept.Accept()
		if err == nil {
			nc.Close()
		}
		accepted <- err
	}()
	for range 2 {
		if _, err := l.Accept(); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("Accept: %v", err)
		}
	}
	if nc, err := net.Dial("tcp", nl.Addr().String()); err == nil {
		defer nc.Close()
	}
	if err := <-accepted; err != nil {
		t.Error(err)
	}
}

// TestServerLog: what package net/http says is for the socket.
func TestServerLog(t *testing.T) {
	said := make(chan string, 10)
	cfg := pullConfig()
	cfg.CheckOrigin = func(*http.Request) bool { panic("a mistake of the program's") }
	cfg.Logf = func(format string, args ...any) { said <- fmt.Sprintf(format, args...) }
	l := listenWS(t, new(Transport), cfg)
	ask(t, l, upgradeRequest+"Origin: https://elsewhere\r\n\r\n")
	if got := <-said; !strings.Contains(got, "a mistake of the program's") {
		t.Errorf("said %q", got)
	}
}

// TestSetConfig: those who connect later are taken by the new rules.
func TestSetConfig(t *testing.T) {
	l := listenWS(t, new(Transport), pullConfig())
	cfg := pullConfig()
	cfg.RecvMaxSize = 1000
	cfg.HTTPHeader = http.Header{"X-Greeting": {"hello"}}
	l.SetConfig(cfg)
	nc := ask(t, l, upgradeRequest+"\r\n")
	peer := next(t, l)
	c, err := peer.Handshake(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := peer.conn.in.limit; got != 1000 {
		t.Errorf("the limit is %d", got)
	}
	response, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil || response.Header.Get("X-Greeting") != "hello" {
		t.Errorf("the answer is %v, %v", response, err)
	}
}

// TestPingsOfStuckPeer: a peer that pings and does not read keeps its connection,
// and what was sent to it.
func TestPingsOfStuckPeer(t *testing.T) {
	l := listenWS(t, new(Transport), pullConfig())
	nc := ask(t, l, upgradeRequest+"\r\n")
	peer := next(t, l)
	c, err := peer.Handshake(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const messages, size = 300, 64 << 10
	written := make(chan error, 1)
	go func() {
		b := c.NewBatch()
		for i := range messages {
			b.Append([]byte{byte(i)}, make([]byte, size))
		}
		written <- c.Write(b)
	}()
	read := make(chan error, 1)
	arrived := make(chan struct{})
	go func() {
		for {
			got, err := c.Read(nil)
			if len(got) > 0 {
				close(arrived)
			}
			if err != nil {
				read <- err
				return
			}
		}
	}()
	ping := []byte{0x89, 0x81, 0, 0, 0, 0, '?'}
	if _, err := nc.Write(append(bytes.Repeat(ping, 1000), 0x82, 0x81, 0, 0, 0, 0, 'm')); err != nil {
		t.Fatal(err)
	}
	<-arrived // so the pings were heard
	r := bufio.NewReader(nc)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	got, pongs := 0, 0
	for got < messages || pongs == 0 {
		var h header
		for n, ok := 2, false; !ok; n++ {
			b, err := r.Peek(n)
			if err != nil {
				t.Fatalf("after %d messages: %v", got, err)
			}
			h, ok = parseHeader(b)
		}
		if _, err := r.Discard(h.size + int(h.length)); err != nil {
			t.Fatal(err)
		}
		if h.op == opPong {
			pongs++
		} else {
			got++
		}
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	nc.Close()
	<-read
}

// TestCloseToStuckPeer: Close of a connection whose peer does not read, and that is
// being written to, does not wait for it.
func TestCloseToStuckPeer(t *testing.T) {
	l := listenWS(t, new(Transport), pullConfig())
	ask(t, l, upgradeRequest+"\r\n")
	c, err := next(t, l).Handshake(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := c.NewBatch()
	for range 1000 {
		b.Append(nil, make([]byte, 64<<10))
	}
	if done, err := c.TryWrite(b); done || err != nil {
		t.Fatalf("TryWrite: %v, %v", done, err)
	}
	written := make(chan error, 1)
	go func() { written <- c.Write(b) }()
	closed := make(chan struct{})
	go func() {
		c.Close()
		close(closed)
	}()
	<-closed
	if err := <-written; err == nil {
		t.Error("it is written to a closed connection")
	}
}

// TestSkip: messages above the limit are passed over, however they are cut into
// frames.
func TestSkip(t *testing.T) {
	const limit = 100
	frame := func(first byte, n int) []byte {
		b := appendHeader(nil, first&0xf, first&0x80 != 0, true, n)
		begin := len(b)
		b = append(b, bytes.Repeat([]byte{byte(n)}, n)...)
		mask(b[begin:], [4]byte(b[begin-4:]))
		return b
	}
	stream := bytes.Join([][]byte{
		frame(0x82, limit), frame(0x82, limit+1), frame(0x82, 16*limit), frame(0x82, 3),
		frame(0x02, 60), frame(0x00, 40), frame(0x89, 5), frame(0x80, 1), // too large by its last frame
		frame(0x02, 60), frame(0x80, 40),
		frame(0x02, 10), frame(0x80, 200),
		frame(0x82, 0), frame(0x82, 16*limit+1),
	}, nil)
	cfg := pullConfig()
	cfg.RecvMaxSize = limit
	l := listenWS(t, new(Transport), cfg)
	nc := ask(t, l, upgradeRequest+"\r\n")
	c, err := next(t, l).Handshake(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var sizes []int
	var skipped []uint64
	c.(transport.Skipper).SkipTooLarge(func(head []byte, size uint64) {
		skipped = append(skipped, size)
		if len(head) != transport.SkipHead {
			t.Errorf("of %d bytes %d are told", size, len(head))
		}
	})
	if _, err := nc.Write(stream); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		var got []transport.Message
		got, err = c.Read(nil)
		for _, m := range got {
			sizes = append(sizes, len(m.Data))
			m.Release()
		}
	}
	if !errors.Is(err, transport.ErrMessageTooLarge) {
		t.Errorf("it ended with %v", err)
	}
	if want := []int{100, 3, 100, 0}; !slices.Equal(sizes, want) {
		t.Errorf("received messages of %v bytes, want %v", sizes, want)
	}
	if want := []uint64{101, 1600, 101, 210}; !slices.Equal(skipped, want) {
		t.Errorf("skipped messages of %v bytes, want %v", skipped, want)
	}
}

// FuzzSubprotocols: whatever the client offers, it is taken if and only if ours is
// there, and what the error quotes is short.
func FuzzSubprotocols(f *testing.F) {
	f.Add("pull.sp.nanomsg.org")
	f.Add("a, PULL.sp.nanomsg.org ,b")
	f.Add("rep.sp.nanomsg.org")
	f.Add(",,\t,")
	f.Fuzz(func(t *testing.T, offer string) {
		err := checkOffer(http.Header{subprotocolHeader: {offer}}, pullConfig())
		ours := false
		for token := range strings.SplitSeq(offer, ",") {
			ours = ours || strings.EqualFold(strings.TrimSpace(token), "pull.sp.nanomsg.org")
		}
		if (err == nil) != ours {
			t.Errorf("offered %q: %v", offer, err)
		}
		if err != nil && len(err.Error()) > 3*quoteMax {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
		answer := checkAnswer(http.Header{subprotocolHeader: {offer}}, pushConfig())
		if (answer == nil) != strings.EqualFold(offer, "pull.sp.nanomsg.org") {
			t.Errorf("answered %q: %v", offer, answer)
		}
	})
}

// FuzzUpgrade: whatever request comes, the peer is either heard, or answered that it
// is not.
func FuzzUpgrade(f *testing.F) {
	f.Add([]byte(upgradeRequest + "\r\n"))
	f.Add([]byte(upgradeRequest + "Content-Length: 3\r\n\r\nabc"))
	f.Add([]byte(strings.Replace(upgradeRequest, "Host: h", "Host: ", 1) + "Origin: null\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, request []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		if err != nil {
			return
		}
		w := &recorder{header: make(http.Header)}
		l := new(listener)
		l.cfg.Store(pullConfig())
		peer := l.upgrade(w, r)
		// Nothing hands its connection over here: 501 is as far as it goes.
		if peer.err == nil || w.status < 400 {
			t.Fatalf("status %d: %v", w.status, peer.err)
		}
		if w.status != http.StatusNotImplemented {
			return
		}
		if r.ContentLength != 0 || !has(tokens(r.Header, subprotocolHeader), "pull.sp.nanomsg.org") {
			t.Errorf("it would be taken: %q", request)
		}
		if origin := r.Header.Get("Origin"); origin != "" && (r.Host == "" || !strings.Contains(strings.ToLower(origin), strings.ToLower(r.Host))) {
			t.Errorf("origin %q would be taken at host %q", origin, r.Host)
		}
	})
}
