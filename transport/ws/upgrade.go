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

// upgrade takes the connection under the request over, or answers why not. Whether
// the peer is taken is not decided yet.
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
		InsecureSkipVerify: true, // check has looked
		OnPingReceived: func(_ context.Context, data []byte) bool {
			h.link.out.pong(data)
			return false
		},
	})
	switch {
	case h.failed != nil:
		peer.err = fmt.Errorf("%w: the HTTP server or a handler around ours does not hand its connection over: %w", transport.ErrNotSupported, h.failed)
		_ = refuse(w, http.StatusNotImplemented, peer.err)
		return peer
	case err != nil:
		peer.err = fmt.Errorf("%w: %s", transport.ErrProtocol, cut(err.Error()))
		return peer
	}
	request := r.WithContext(context.WithoutCancel(r.Context())) // it ends with the handler
	request.Body = http.NoBody
	peer.conn, peer.handed = newConn(ws, h.link, cfg, request)
	peer.yes = h.answer
	return peer
}

// check refuses a request to upgrade that asks for something else, or comes from
// elsewhere. What is no such request package websocket refuses.
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

// allowed says why the request's origin may not connect: without a function
// of the program's only the server's own pages may, and programs, which have no
// origin.
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

func refuse(w http.ResponseWriter, status int, why error) error {
	w.Header().Set("Connection", "close")
	http.Error(w, why.Error(), status)
	return why
}

// hijacker takes the connection under the HTTP server over and gives package
// websocket a link in its place. The answer that package websocket would send at once
// it keeps.
type hijacker struct {
	w      http.ResponseWriter
	header http.Header
	limit  int
	link   *link
	answer []byte
	failed error // to take the connection over
}

// controlSize has room for a frame of control, which so is one write.
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
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // what the client did not wait with
	if p, ok := nc.(*pendingConn); ok {
		nc = p.Conn
	}
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = h.header.Write(&answer) // a Buffer takes all
	answer.WriteString("\r\n")
	h.answer = answer.Bytes()
	h.link = newLink(nc, io.MultiReader(bytes.NewReader(bytes.Clone(early)), nc), false, h.limit)
	h.link.out.ended = true // until the answer is given
	return h.link, bufio.NewReadWriter(bufio.NewReaderSize(h.link, controlSize), bufio.NewWriterSize(h.link, controlSize)), nil
}
