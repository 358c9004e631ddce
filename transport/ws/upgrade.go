//go:build !js

package ws

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/gonng/gonng/transport"
)

// upgrade takes over the connection of the request, which it does not answer yet. When it
// cannot, it answers why, and the result has an err.
func (l *listener) upgrade(w http.ResponseWriter, r *http.Request) *incoming {
	cfg := l.cfg.Load()
	peer := &incoming{remote: remoteAddr(r), cfg: cfg, deadline: time.Now().Add(cfg.HandshakeTimeout)}
	if peer.err = check(w, r, cfg); peer.err != nil {
		return peer
	}
	h := &hijacker{w: w, header: w.Header().Clone(), limit: cfg.RecvMaxSize}
	maps.Copy(h.header, cfg.HTTPHeader)
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol(cfg.ProtocolName)},
		InsecureSkipVerify: true, // check has checked the origin
		OnPingReceived: func(_ context.Context, data []byte) bool {
			h.link.out.pong(data)
			return false
		},
	})
	switch {
	case h.failed != nil:
		peer.err = fmt.Errorf("%w: the HTTP server, or a handler around this one, does not hand its connection over: %w", transport.ErrNotSupported, h.failed)
		_ = refuse(w, http.StatusNotImplemented, peer.err)
		return peer
	case err != nil:
		peer.err = fmt.Errorf("%w: %s", transport.ErrProtocol, cut(err.Error()))
		return peer
	}
	request := r.WithContext(context.WithoutCancel(r.Context())) // whose context ends with the handler
	request.Body = http.NoBody
	peer.conn, peer.handed = newConn(ws, h.link, cfg, request)
	peer.acceptance = h.answer
	return peer
}

// check answers and returns an error when a request to upgrade has a body, asks for another
// protocol, or has an origin that is not allowed. Other requests are left to package
// websocket, which refuses them.
func check(w http.ResponseWriter, r *http.Request, cfg *transport.Config) error {
	if !has(tokens(r.Header, "Upgrade"), "websocket") {
		return nil
	}
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		return refuse(w, http.StatusBadRequest, fmt.Errorf("%w: the request to upgrade has a body", transport.ErrProtocol))
	}
	if err := checkOffer(r.Header, cfg); err != nil {
		return refuse(w, http.StatusBadRequest, err)
	}
	if err := allowed(r, cfg); err != nil {
		return refuse(w, http.StatusForbidden, err)
	}
	return nil
}

// allowed returns an error when the request's origin may not connect. Without a function of
// the program, pages of the server itself may, and programs, which send no origin.
func allowed(r *http.Request, cfg *transport.Config) error {
	origin := r.Header.Get("Origin")
	if cfg.CheckOrigin == nil {
		u, err := url.Parse(origin)
		// Origins such as null and file:// have no host, and a request may have none.
		if origin == "" || err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
			return nil
		}
	} else if cfg.CheckOrigin(r) {
		return nil
	}
	return fmt.Errorf("%w: pages of origin %q may not connect to %s", fs.ErrPermission, cut(origin), cut(r.Host))
}

// refuse answers with the status and the text of why, which it returns.
func refuse(w http.ResponseWriter, status int, why error) error {
	w.Header().Set("Connection", "close")
	http.Error(w, why.Error(), status)
	return why
}

// hijacker stands between the HTTP server and package websocket. It takes over the
// connection of the request, gives package websocket a link over it, and keeps the answer
// that package websocket would send at once.
type hijacker struct {
	w      http.ResponseWriter
	header http.Header
	limit  int
	link   *link
	answer []byte // what accepts the peer
	failed error  // why the connection could not be taken over
}

// controlSize is a buffer that holds any control frame, so that each is one write.
const controlSize = 256

// Header implements http.ResponseWriter.
func (h *hijacker) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *hijacker) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols || h.failed != nil {
		return
	}
	maps.Copy(h.w.Header(), h.header)
	h.w.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (h *hijacker) Write(p []byte) (int, error) {
	if h.failed != nil {
		return len(p), nil
	}
	return h.w.Write(p)
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.w).Hijack()
	if err != nil {
		h.failed = err
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // what the client sent before the answer
	if p, ok := nc.(*pendingConn); ok {
		nc = p.Conn
	}
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = h.header.Write(&answer) // a write to a Buffer does not fail
	answer.WriteString("\r\n")
	h.answer = answer.Bytes()
	h.link = newLink(nc, io.MultiReader(bytes.NewReader(bytes.Clone(early)), nc), false, h.limit)
	h.link.out.ended = true // until the answer is given
	return h.link, bufio.NewReadWriter(bufio.NewReaderSize(h.link, controlSize), bufio.NewWriterSize(h.link, controlSize)), nil
}
