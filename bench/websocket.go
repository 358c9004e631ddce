package main

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// websocketContestant is github.com/coder/websocket used plainly: a write for
// each message. gonng is built on the same module.
type websocketContestant struct{ inThisProgram }

func (websocketContestant) Name() string { return "coder/websocket" }

func (websocketContestant) Supports(r row) bool { return r.transport == "ws" }

func (websocketContestant) Open(j job) (end, error) {
	e := &websocketEnd{url: j.url, conns: make(chan *websocket.Conn, 1)}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if !j.listens() {
		c, _, err := websocket.Dial(e.ctx, j.url, nil)
		e.conns <- c
		return e, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e.url = "ws://" + ln.Addr().String()
	e.server = &http.Server{Handler: http.HandlerFunc(e.accept)}
	go e.serve(ln)
	return e, nil
}

type websocketEnd struct {
	url    string
	server *http.Server // nil on the side that dials
	conns  chan *websocket.Conn
	conn   *websocket.Conn
	ctx    context.Context // of the conversation
	cancel context.CancelFunc
	buf    []byte
}

// serve returns when the listener is closed.
func (e *websocketEnd) serve(ln net.Listener) { _ = e.server.Serve(ln) }

// accept holds the request open until the end of the conversation.
func (e *websocketEnd) accept(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the other side is told
	}
	e.conns <- c
	<-e.ctx.Done()
}

func (e *websocketEnd) URL() string { return e.url }

func (e *websocketEnd) Join(ctx context.Context) error {
	select {
	case e.conn = <-e.conns:
		e.conn.SetReadLimit(-1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *websocketEnd) Send(body []byte) error {
	return e.conn.Write(e.ctx, websocket.MessageBinary, body)
}

// Recv reads into one buffer.
func (e *websocketEnd) Recv() ([]byte, error) {
	_, r, err := e.conn.Reader(e.ctx)
	if err != nil {
		return nil, err
	}
	if e.buf, err = readAll(r, e.buf[:0]); err != nil {
		return nil, err
	}
	return e.buf, nil
}

// readAll is io.ReadAll into a slice that is used again.
func readAll(r io.Reader, b []byte) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

func (e *websocketEnd) Close() error {
	e.cancel()
	if e.server != nil {
		return e.server.Close()
	}
	return e.conn.CloseNow()
}
