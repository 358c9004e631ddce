package gonng

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/gonng/gonng/transport"
)

// WithHTTPHeader is sent at ws and wss URLs: by a dialer with the request that
// connects, by a listener with the answer. The headers that make a WebSocket of
// the request, such as Upgrade, cannot be set. h is used as it is, and must not be
// changed afterwards. nng: NNG_OPT_WS_REQUEST_HEADERS and
// NNG_OPT_WS_RESPONSE_HEADERS.
func WithHTTPHeader(h http.Header) interface {
	SocketOption
	DialOption
	ListenOption
} {
	return generalOption{setting: func(c *Config) error {
		for name := range h {
			switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
			case canonical == "Upgrade", canonical == "Connection", strings.HasPrefix(canonical, "Sec-Websocket-"):
				return because(ErrInvalid, "WithHTTPHeader: %s belongs to WebSocket", name)
			}
		}
		c.HTTPHeader = h
		c.explicit |= transport.OptHTTPHeader
		return nil
	}}
}

// WithCheckOrigin says which web pages may connect to a listener at a ws or wss
// URL: those for whose request check returns true. Others get status 403. Without
// it, or with nil, pages of the server that they connect to may, and so may what
// is no page: a program, which sends no Origin.
func WithCheckOrigin(check func(*http.Request) bool) interface {
	SocketOption
	ListenOption
} {
	return socketListenOption{setting: func(c *Config) error {
		c.CheckOrigin = check
		c.explicit |= transport.OptCheckOrigin
		return nil
	}}
}

// WithTextFrames accepts messages that a peer at a ws or wss URL marks as text,
// as JavaScript does with strings. Their bytes are UTF-8. Without it such a peer
// is disconnected. What is sent is always binary. The headers of Req0, Rep0,
// Surveyor0 and Respondent0 are not text, so that it is of use with the
// other protocols. nng: NNG_OPT_WS_RECV_TEXT.
func WithTextFrames() interface {
	SocketOption
	DialOption
	ListenOption
} {
	return generalOption{setting: func(c *Config) error {
		c.TextFrames = true
		c.explicit |= transport.OptTextFrames
		return nil
	}}
}
