//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// Dial implements transport.Transport. It uses the proxy that the environment names, as
// package net/http does (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
func (t *Transport) Dial(ctx context.Context, scheme, text string, cfg *transport.Config) (transport.Conn, error) {
	a, err := t.parseDial(scheme, text)
	if err != nil {
		return nil, err
	}
	d := &dialer{address: a, cfg: cfg}
	d.http = &http.Transport{
		Proxy:                  d.proxy,
		OnProxyConnectResponse: proxied,
		DialContext:            d.connect,
		TLSClientConfig:        clientConfig(a.Hostname(), cfg.TLS),
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
	defer d.http.CloseIdleConnections()
	ws, _, err := websocket.Dial(ctx, a.String(), &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: d, CheckRedirect: noRedirects},
		HTTPHeader:   cfg.HTTPHeader,
		Host:         cfg.HTTPHeader.Get("Host"),
		Subprotocols: []string{subprotocol(cfg.PeerName)},
		OnPingReceived: func(_ context.Context, data []byte) bool {
			d.link.out.pong(data)
			return false
		},
	})
	if err != nil {
		return nil, d.explain(err)
	}
	if err := d.link.SetDeadline(time.Time{}); err != nil {
		ws.CloseNow()
		return nil, err
	}
	_, conn := newConn(ws, d.link, cfg, nil)
	return conn, nil
}

// clientConfig is onlyHTTP1 for a client of host. It leaves the zone of an IPv6 address out
// of the name that the certificate must have; package net/http would not.
func clientConfig(host string, config *tls.Config) *tls.Config {
	config = onlyHTTP1(config)
	ip, _, zoned := strings.Cut(host, "%")
	if !zoned || config != nil && config.ServerName != "" {
		return config
	}
	if config == nil {
		config = new(tls.Config)
	}
	config = config.Clone()
	config.ServerName = ip
	return config
}

// onlyHTTP1 returns config with HTTP/1.1 alone, if it names protocols: others cannot upgrade
// to WebSocket. It does not change config.
func onlyHTTP1(config *tls.Config) *tls.Config {
	if config == nil || len(config.NextProtos) == 0 {
		return config
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	return config
}

// maxHeader bounds the header of a request to upgrade and of its answer, in bytes.
const maxHeader = 64 << 10

// noRedirects does not follow redirects: a program that dials one server does not mean
// another.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// dialer is one attempt to dial.
type dialer struct {
	address
	cfg        *transport.Config
	http       *http.Transport
	through    *url.URL // the proxy that connect has to tunnel through, or nil
	link       *link
	refused    error                 // why the answer of the server was no
	refusedTLS atomic.Pointer[error] // why the TLS handshake failed
}

// connect connects to the server, through the proxy if there is one.
func (d *dialer) connect(ctx context.Context, _, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	first := inet.Join(host, port)
	if d.through != nil {
		first = proxyHostPort(d.through)
	}
	nc, err := inet.Dial(ctx, d.network, first, d.cfg)
	if err != nil {
		return nil, err
	}
	err = nc.SetDeadline(time.Now().Add(d.cfg.HandshakeTimeout))
	if err == nil && d.through != nil {
		err = tunnel(nc, d.through, hostPort)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return newSpeakFirstConn(nc), nil
}

// RoundTrip implements http.RoundTripper. It replaces the body of the answer by a link over
// the connection, so that package websocket reads and writes through the link.
func (d *dialer) RoundTrip(r *http.Request) (*http.Response, error) {
	var nc net.Conn
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { nc = info.Conn },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil {
				d.refusedTLS.Store(&err) // atomic, because it may come after Dial has returned
			}
		},
	})
	response, err := d.http.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		d.refused = refusal(response)
	} else {
		d.refused = checkAnswer(response.Header, d.cfg)
	}
	if d.refused != nil {
		response.Body.Close()
		return nil, d.refused
	}
	if q, ok := nc.(*speakFirstConn); ok {
		nc = q.Conn
	}
	d.link = newLink(nc, response.Body, true, d.cfg.RecvMaxSize)
	response.Body = d.link
	return response, nil
}

// refusal returns the error for an answer that is not 101, with the beginning of its text.
func refusal(response *http.Response) error {
	kind := transport.ErrProtocol
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		kind = fs.ErrPermission
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
		kind = syscall.ECONNREFUSED
	}
	text := cut(response.Status)
	if to := response.Header.Get("Location"); to != "" {
		text += " to " + cut(to)
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 2*quoteMax)) // what came before an error is enough
	if s := strings.TrimSpace(string(body)); s != "" {
		text += ": " + cut(s)
	}
	return fmt.Errorf("%w: the server answers %s", kind, text)
}

// explain says in err why there is no connection.
func (d *dialer) explain(err error) error {
	var inner *url.Error
	switch {
	case d.refused != nil:
		return d.refused
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%w: the peer speaks without TLS, as a ws:// peer does: %w", transport.ErrCrypto, err)
	case d.refusedTLS.Load() != nil:
		return inet.ForListening(stream.TLSError(*d.refusedTLS.Load(), true, d.cfg), d.cfg.TLS) // true: a function of the program may have verified the peer
	case errors.As(err, &inner):
		err = inner.Err
	}
	var network net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the peer closed the connection instead of answering: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("the peer did not finish the handshake in %v: %w", d.cfg.HandshakeTimeout, err)
	case strings.Contains(err.Error(), `malformed HTTP response "\x00SP`):
		return fmt.Errorf("%w: the peer speaks without WebSocket, as a tcp:// or tls+tcp:// peer does: %w", transport.ErrProtocol, err)
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "violation"):
		return fmt.Errorf("%w: %s", transport.ErrProtocol, cut(err.Error()))
	}
	return err
}
