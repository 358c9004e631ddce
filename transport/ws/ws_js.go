// Package ws carries messages over the WebSocket of the browser, or of another JavaScript
// environment that has one: ws:// and wss://, to dial. A message of gonng, header and body, is
// one binary message of WebSocket. nng: ws and wss.
package ws

import (
	"context"
	"fmt"
	"syscall"
	"syscall/js"
	"time"

	"github.com/gonng/gonng/transport"
)

// Transport is the WebSocket transport. Its zero value is ready to use, for ws.
type Transport struct {
	// Secure is true for wss. It must not be changed later.
	Secure bool
}

// Options implements transport.Transport. Connections, TLS and headers are the browser's
// business.
func (t *Transport) Options() transport.Options { return transport.OptTextFrames }

// Listen implements transport.Transport. It fails.
func (t *Transport) Listen(_ context.Context, scheme, _ string, _ *transport.Config) (transport.Listener, error) {
	return nil, fmt.Errorf("%w: a browser cannot listen at %s://, it can only dial", transport.ErrNotSupported, scheme)
}

// Dial implements transport.Transport.
func (t *Transport) Dial(ctx context.Context, scheme, text string, cfg *transport.Config) (transport.Conn, error) {
	a, err := t.parseDial(scheme, text)
	if err != nil {
		return nil, err
	}
	a.Scheme = scheme
	ws, err := construct(a.String(), subprotocol(cfg.PeerName))
	if err != nil {
		return nil, err
	}
	c := newConn(ws, a.Host, cfg)
	timeout := time.NewTimer(cfg.HandshakeTimeout)
	defer timeout.Stop()
	select {
	case <-c.opened:
		if got := ws.Get("protocol").String(); got != subprotocol(cfg.PeerName) {
			err = fmt.Errorf("%w: the server has not confirmed the subprotocol %s; %s talks to %s",
				transport.ErrWrongPeer, subprotocol(cfg.PeerName), cfg.ProtocolName, cfg.PeerName)
		}
	case <-c.over:
		err = fmt.Errorf("%w: %s", syscall.ECONNREFUSED, hidden)
	case <-timeout.C:
		err = fmt.Errorf("the peer did not finish the handshake in %v: %w", cfg.HandshakeTimeout, context.DeadlineExceeded)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// hidden says what a connection that fails may have failed of. A page must not learn it.
const hidden = "the browser does not tell a page why a connection fails (code 1006). It may be that nobody listens there, " +
	"a wrong path (404), another protocol than the peer's (400), a page of an origin that the server does not let in (403), " +
	"missing credentials (401), or a certificate that is not trusted: look at the console and the network panel of the browser, and at the log of the server"

// construct makes a WebSocket, which begins to connect.
func construct(url, subprotocol string) (ws js.Value, err error) {
	class := js.Global().Get("WebSocket")
	if class.Type() != js.TypeFunction {
		return js.Value{}, fmt.Errorf("%w: this JavaScript environment has no WebSocket", transport.ErrNotSupported)
	}
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case js.Error:
			kind := transport.ErrAddressInvalid
			if thrown.Get("name").String() == "SecurityError" { // ws:// in a page of https://
				kind = transport.ErrNotSupported
			}
			err = fmt.Errorf("%w: %w", kind, thrown)
		default:
			panic(thrown)
		}
	}()
	ws = class.New(url, subprotocol)
	ws.Set("binaryType", "arraybuffer")
	return ws, nil
}
