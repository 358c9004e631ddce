package gonng

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/gonng/gonng/transport"
)

// WithHTTPHeader adds header fields at ws and wss URLs. A dialer sends them with its request,
// in which Host replaces the host of the URL. A listener sends them with the answer that
// accepts a peer. Fields that belong to WebSocket or say how long a body is are ErrInvalid:
// Upgrade, Connection, Sec-WebSocket-…, Content-Length, Transfer-Encoding and Trailer. So are
// names and values that HTTP does not allow. WithHTTPHeader copies h, which replaces a header
// that was given before. Default, and for nil: no fields. Given to a dialer or listener at
// another URL: ErrNotSupported. nng: NNG_OPT_WS_REQUEST_HEADERS and
// NNG_OPT_WS_RESPONSE_HEADERS.
func WithHTTPHeader(h http.Header) EndpointOption {
	own, err := checkHeader(h)
	return forEndpoint(setting{
		name:        "WithHTTPHeader",
		err:         err,
		change:      func(c *Config) { c.HTTPHeader = own },
		transport:   transport.OptHTTPHeader,
		byTransport: true,
	})
}

// checkHeader returns a copy of h with names in canonical form, or ErrInvalid.
func checkHeader(h http.Header) (http.Header, error) {
	own := make(http.Header, len(h))
	for name, values := range h {
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
		case canonical == "Upgrade", canonical == "Connection", strings.HasPrefix(canonical, "Sec-Websocket-"):
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %s belongs to WebSocket", name)
		case canonical == "Content-Length", canonical == "Transfer-Encoding", canonical == "Trailer":
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %s is about a body, and there is none", name)
		case name == "" || strings.ContainsFunc(name, notInToken):
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %q is not a valid name of a header field", name)
		}
		for _, value := range values {
			if strings.ContainsFunc(value, notInValue) {
				return nil, errorf(ErrInvalid, "WithHTTPHeader: the value of %s has control characters", name)
			}
			own.Add(name, value)
		}
	}
	return own, nil
}

// notInToken and notInValue report whether RFC 9110 forbids r in the name or value of a
// header field.
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func notInValue(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// WithCheckOrigin makes check decide which web pages may connect to a listener at a ws or wss
// URL: the request of a page for which check returns false gets status 403. Many goroutines
// may call check at the same time. Default, and for nil: pages of the server to which they
// connect may, and so may programs, which send no Origin. Given to a listener at another URL:
// ErrNotSupported.
func WithCheckOrigin(check func(*http.Request) bool) SocketListenOption {
	return forSocketListen(setting{
		name:        "WithCheckOrigin",
		change:      func(c *Config) { c.CheckOrigin = check },
		transport:   transport.OptCheckOrigin,
		byTransport: true,
	})
}

// WithTextFrames accepts messages that a peer at a ws or wss URL sends as text, as JavaScript
// does with strings. Their bytes must be UTF-8. Default: a peer that sends text is
// disconnected. The socket itself always sends binary messages. The option is of no use with
// Req0, Rep0, Surveyor0 and Respondent0, whose headers are not text. Given to a dialer or
// listener at another URL: ErrNotSupported. nng: NNG_OPT_WS_RECV_TEXT.
func WithTextFrames() EndpointOption {
	return forEndpoint(setting{
		name:        "WithTextFrames",
		change:      func(c *Config) { c.TextFrames = true },
		transport:   transport.OptTextFrames,
		byTransport: true,
	})
}
