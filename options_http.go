package gonng

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/gonng/gonng/transport"
)

// WithHTTPHeader is sent at ws and wss URLs: by a dialer with the request that
// connects, where Host says another host than the URL's, by a listener with the
// answer that accepts. Those that make a WebSocket of the request or say where it
// ends cannot be set: Upgrade, Connection, Sec-WebSocket-…, Content-Length,
// Transfer-Encoding and Trailer are ErrInvalid, and so is what no header can be.
// h is copied. nng: NNG_OPT_WS_REQUEST_HEADERS and NNG_OPT_WS_RESPONSE_HEADERS.
func WithHTTPHeader(h http.Header) interface {
	SocketOption
	DialOption
	ListenOption
} {
	return generalOption{setting: func(c *Config) error {
		own := make(http.Header, len(h))
		for name, values := range h {
			switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
			case canonical == "Upgrade", canonical == "Connection", strings.HasPrefix(canonical, "Sec-Websocket-"):
				return errorf(ErrInvalid, "WithHTTPHeader: %s belongs to WebSocket", name)
			case canonical == "Content-Length", canonical == "Transfer-Encoding", canonical == "Trailer":
				return errorf(ErrInvalid, "WithHTTPHeader: %s, but there is no body", name)
			case name == "" || strings.ContainsFunc(name, notInToken):
				return errorf(ErrInvalid, "WithHTTPHeader: %q is no name of a header", name)
			}
			for _, value := range values {
				if strings.ContainsFunc(value, notInValue) {
					return errorf(ErrInvalid, "WithHTTPHeader: the value of %s has control characters", name)
				}
				own.Add(name, value)
			}
		}
		c.HTTPHeader = own
		c.explicit |= transport.OptHTTPHeader
		return nil
	}}
}

// notInToken and notInValue are what RFC 9110 does not have in the names and
// values of headers.
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func notInValue(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// WithCheckOrigin says which web pages may connect to a listener at a ws or wss
// URL: those for whose request check returns true. Others get status 403. Without
// it, or with nil, pages of the server that they connect to may, and so may what
// is no page: a program, which sends no Origin.
func WithCheckOrigin(check func(*http.Request) bool) interface {
	SocketOption
	ListenOption
} {
	return socketListenOption{setting: concerning(transport.OptCheckOrigin, func(c *Config) { c.CheckOrigin = check })}
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
	return generalOption{setting: concerning(transport.OptTextFrames, func(c *Config) { c.TextFrames = true })}
}
