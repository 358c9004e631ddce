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

	"github.com/coder/websocket"

	"github.com/gonng/gonng/transport"
)

// upgrade makes a WebSocket of the request, or answers why not.
func (l *listener) upgrade(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
	if has(tokens(r.Header, "Upgrade"), "websocket") {
		if err := checkOffer(r.Header, l.cfg); err != nil {
			return nil, refuse(w, http.StatusBadRequest, err)
		}
		if err := l.allowed(r); err != nil {
			return nil, refuse(w, http.StatusForbidden, err)
		}
	}
	maps.Copy(w.Header(), l.cfg.HTTPHeader)
	h := &hijacker{ResponseWriter: w, limit: l.cfg.RecvMaxSize}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol(l.cfg.ProtocolName)},
		InsecureSkipVerify: true, // allowed has looked
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", transport.ErrProtocol, err)
	}
	request := r.WithContext(context.WithoutCancel(r.Context())) // it ends with the handler
	request.Body = http.NoBody
	return newConn(ws, h.link, l.cfg, request), nil
}

// allowed says why the request's origin may not connect: without a function
// of the program's only the server's own pages may, and programs, which have no
// origin.
func (l *listener) allowed(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if l.cfg.CheckOrigin == nil {
		u, err := url.Parse(origin)
		if origin == "" || err == nil && strings.EqualFold(u.Host, r.Host) {
			return nil
		}
	} else if l.cfg.CheckOrigin(r) {
		return nil
	}
	return fmt.Errorf("%w: pages of origin %q may not connect to %s", fs.ErrPermission, origin, r.Host)
}

func refuse(w http.ResponseWriter, status int, why error) error {
	w.Header().Set("Connection", "close")
	http.Error(w, why.Error(), status)
	return why
}

// hijacker gives package websocket a link in place of the connection under
// the HTTP server.
type hijacker struct {
	http.ResponseWriter
	limit int
	link  *link
}

// controlSize has room for a frame of control, which so is one write.
const controlSize = 256

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := rw.Reader.Peek(rw.Reader.Buffered()) // what the client did not wait with
	if v, ok := nc.(*visitor); ok {
		nc = v.Conn
	}
	h.link = newLink(nc, io.MultiReader(bytes.NewReader(bytes.Clone(early)), nc), false, h.limit)
	return h.link, bufio.NewReadWriter(bufio.NewReaderSize(h.link, controlSize), bufio.NewWriterSize(h.link, controlSize)), nil
}

// WriteHeaderNow is for gin, whose WriteHeader waits for it.
func (h *hijacker) WriteHeaderNow() {
	if w, ok := h.ResponseWriter.(interface{ WriteHeaderNow() }); ok {
		w.WriteHeaderNow()
	}
}
