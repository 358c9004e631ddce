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
// h is copied, and takes the place of one given before. Default, and for nil:
// none. Given to a dialer or listener at another URL: ErrNotSupported. nng:
// NNG_OPT_WS_REQUEST_HEADERS and NNG_OPT_WS_RESPONSE_HEADERS.
func WithHTTPHeader(h http.Header) EndpointOption {
	own, err := checkHeader(h)
	return forEndpoint(setting{
		name:      "WithHTTPHeader",
		err:       err,
		change:    func(c *Config) { c.HTTPHeader = own },
		transport: transport.OptHTTPHeader,
		carried:   true,
	})
}

// checkHeader returns a copy of h in canonical form.
func checkHeader(h http.Header) (http.Header, error) {
	own := make(http.Header, len(h))
	for name, values := range h {
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
		case canonical == "Upgrade", canonical == "Connection", strings.HasPrefix(canonical, "Sec-Websocket-"):
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %s belongs to WebSocket", name)
		case canonical == "Content-Length", canonical == "Transfer-Encoding", canonical == "Trailer":
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %s, but there is no body", name)
		case name == "" || strings.ContainsFunc(name, notInToken):
			return nil, errorf(ErrInvalid, "WithHTTPHeader: %q is no name of a header", name)
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

// notInToken and notInValue are what RFC 9110 does not have in the names and
// values of headers.
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func notInValue(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// WithCheckOrigin says which web pages may connect to a listener at a ws or wss
// URL: those for whose request check returns true. Others get status 403.
// Default, and for nil: pages of the server that they connect to may, and so may
// what is no page: a program, which sends no Origin. Given to a listener at another
// URL: ErrNotSupported.
func WithCheckOrigin(check func(*http.Request) bool) SocketListenOption {
	return forSocketListen(setting{
		name:      "WithCheckOrigin",
		change:    func(c *Config) { c.CheckOrigin = check },
		transport: transport.OptCheckOrigin,
		carried:   true,
	})
}

// WithTextFrames accepts messages that a peer at a ws or wss URL marks as text,
// as JavaScript does with strings. Their bytes are UTF-8. Default: such a peer is
// disconnected. What is sent is always binary. The headers of Req0, Rep0,
// Surveyor0 and Respondent0 are not text, so that it is of use with the
// other protocols. Given to a dialer or listener at another URL: ErrNotSupported.
// nng: NNG_OPT_WS_RECV_TEXT.
func WithTextFrames() EndpointOption {
	return forEndpoint(setting{
		name:      "WithTextFrames",
		change:    func(c *Config) { c.TextFrames = true },
		transport: transport.OptTextFrames,
		carried:   true,
	})
}
