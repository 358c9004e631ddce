package spjs_test

import (
	"bytes"
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/spjs"
)

//go:embed cases.js
var files embed.FS

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a web server with a page, sp.js, and a socket at /sp.
type site struct {
	*httptest.Server
	socket atomic.Pointer[http.Handler]
	mux    *http.ServeMux
}

func newSite(t testing.TB) *site {
	s := &site{mux: http.NewServeMux()}
	s.mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!DOCTYPE html><link rel="icon" href="data:"><title>sp.js</title>`)
	})
	s.mux.Handle("/sp.js", spjs.Script)
	s.mux.Handle("/cases.js", http.FileServerFS(files))
	s.mux.HandleFunc("/sp", func(w http.ResponseWriter, r *http.Request) {
		if h := s.socket.Load(); h != nil {
			(*h).ServeHTTP(w, r)
			return
		}
		http.Error(w, "no socket", http.StatusServiceUnavailable)
	})
	s.Server = httptest.NewServer(s.mux)
	t.Cleanup(s.Close)
	return s
}

// ws is the URL of the socket.
func (s *site) ws() string { return "ws" + s.URL[len("http"):] + "/sp" }

// put puts a listener at /sp.
func (s *site) put(t testing.TB, socket gonng.Socket, opts ...gonng.ListenOption) {
	t.Helper()
	l, err := socket.Listen(t.Context(), "ws:///", opts...)
	check(t, err)
	h := l.Handler()
	s.socket.Store(&h)
}

const size = 1024

// body is the message i of a conversation, as in cases.js.
func body(i int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, size)
	binary.BigEndian.PutUint32(b, uint32(i))
	return b
}

func send(ctx context.Context, s gonng.Sender, n int) error {
	for i := range n {
		if err := s.Send(ctx, body(i)); err != nil {
			return err
		}
	}
	return nil
}

func receive(ctx context.Context, s gonng.Receiver, n int) error {
	for i := range n {
		b, err := s.Recv(ctx)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if !bytes.Equal(b, body(i)) {
			return fmt.Errorf("message %d is %x…, %d bytes", i, b[:min(8, len(b))], len(b))
		}
	}
	return nil
}

func echo(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }

// serving ends when the page has gone.
func serving(err error) error {
	if errors.Is(err, gonng.ErrCanceled) || errors.Is(err, gonng.ErrClosed) {
		return nil
	}
	return err
}

// partner makes the socket that talks to a page's of the name, and the function that does what
// run of cases.js does. The function of a server goes on until ctx ends.
func partner(t testing.TB, name string, n int) (gonng.Socket, func(ctx context.Context) error) {
	sendBuffer, recvBuffer := gonng.WithSendBuffer(n+1), gonng.WithRecvBuffer(n+1) // nothing is dropped
	switch name {
	case "push":
		s, err := gonng.NewPull0()
		check(t, err)
		return s, func(ctx context.Context) error { return receive(ctx, s, n) }
	case "pull":
		s, err := gonng.NewPush0()
		check(t, err)
		return s, func(ctx context.Context) error { return send(ctx, s, n) }
	case "pub":
		s, err := gonng.NewSub0(gonng.WithTopics(""), recvBuffer)
		check(t, err)
		return s, func(ctx context.Context) error { return receive(ctx, s, n) }
	case "sub":
		s, err := gonng.NewPub0(sendBuffer)
		check(t, err)
		return s, func(ctx context.Context) error { return errors.Join(s.WaitPeers(ctx, 1), send(ctx, s, n)) }
	case "pair":
		s, err := gonng.NewPair0()
		check(t, err)
		return s, both(s, n)
	case "pair1":
		s, err := gonng.NewPair1()
		check(t, err)
		return s, both(s, n)
	case "bus":
		s, err := gonng.NewBus0(sendBuffer, recvBuffer)
		check(t, err)
		return s, both(s, n)
	case "req":
		s, err := gonng.NewRep0()
		check(t, err)
		return s, func(ctx context.Context) error { return serving(s.Serve(ctx, echo, gonng.WithConcurrency(8))) }
	case "surveyor":
		s, err := gonng.NewRespondent0()
		check(t, err)
		return s, func(ctx context.Context) error { return serving(s.Serve(ctx, echo)) }
	case "rep":
		s, err := gonng.NewReq0()
		check(t, err)
		return s, func(ctx context.Context) error { return ask(ctx, s, n) }
	case "respondent":
		s, err := gonng.NewSurveyor0(gonng.WithSurveyTime(gonngtest.Timeout))
		check(t, err)
		return s, func(ctx context.Context) error { return survey(ctx, s, n) }
	}
	t.Fatal(name)
	return nil, nil
}

func both(s interface {
	gonng.Socket
	gonng.Sender
	gonng.Receiver
}, n int) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if err := s.WaitPeers(ctx, 1); err != nil {
			return err
		}
		sent := make(chan error, 1)
		go func() { sent <- send(ctx, s, n) }()
		return errors.Join(receive(ctx, s, n), <-sent)
	}
}

// ask asks n times, many at a time.
func ask(ctx context.Context, s *gonng.Req0, n int) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, 64)
	for range cap(errs) {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				b, err := s.Request(ctx, body(i))
				if err == nil && !bytes.Equal(b, body(i)) {
					err = fmt.Errorf("the reply to %d is wrong", i)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func survey(ctx context.Context, s *gonng.Surveyor0, n int) error {
	if err := s.WaitPeers(ctx, 1); err != nil {
		return err
	}
	for i := range n {
		for m, err := range s.Survey(ctx, body(i)) {
			if err != nil {
				return err
			}
			if !bytes.Equal(m.Bytes(), body(i)) {
				return fmt.Errorf("the response to %d is wrong", i)
			}
			break
		}
	}
	return nil
}
