package gonng

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
	"github.com/gonng/gonng/transport/ws"
)

// InprocAddr is the address of an inproc pipe: the name after inproc://. nng:
// nng_sockaddr_inproc; pynng: InprocAddr.
type InprocAddr = inproc.Addr

// names of inproc are the process's
var inprocTransport inproc.Transport

// and so are the ports that the listeners of several sockets share
var (
	wsTransport  ws.Transport
	wssTransport = ws.Transport{Secure: true}
)

func init() {
	for scheme, t := range builtin {
		transport.Register(scheme, t)
	}
}

// endpointURL is a URL that was taken apart and checked.
type endpointURL struct {
	transport       transport.Transport
	scheme, address string
	options         transport.Options // that can be honoured
	isBound         bool              // by the program, as a listener
	name            *manyAddresses    // to be looked up again and again; nil: it has one address
}

// boundURL stands for the address of a listener that the program made. It is bound already,
// so options about binding come too late.
func boundURL(scheme string) endpointURL {
	t := builtin[scheme]
	options := t.Options() & (transport.OptTCPNoDelay | transport.OptTCPKeepAlive)
	return endpointURL{transport: t, scheme: scheme, options: options, isBound: true}
}

// parseURL takes url apart and reports why nobody can ever listen at it.
func parseURL(url string) (endpointURL, error) {
	scheme, address, ok := cutURL(url)
	if !ok {
		return endpointURL{}, errorf(ErrAddressInvalid, "want scheme://address, such as tcp://127.0.0.1:5555 or ipc:///tmp/x.sock")
	}
	if _, _, ok := cutName(scheme); ok {
		return endpointURL{}, errorf(ErrAddressInvalid, "%s: a name with many addresses can be dialed, not listened on", scheme)
	}
	t := transport.Lookup(scheme)
	if t == nil {
		return endpointURL{}, errorf(ErrNotSupported, "no transport for scheme %q; there are %s and what was registered",
			scheme, strings.Join(slices.Sorted(maps.Keys(builtin)), ", "))
	}
	if err := t.Check(scheme, address); err != nil {
		return endpointURL{}, classify(err)
	}
	return endpointURL{transport: t, scheme: scheme, address: address, options: t.Options()}, nil
}

// parseDialURL is parseURL for a URL to dial.
func parseDialURL(url string) (endpointURL, error) {
	if scheme, address, ok := cutURL(url); ok {
		if inner, srv, ok := cutName(scheme); ok {
			return parseName(inner, address, srv)
		}
	}
	to, err := parseURL(url)
	if err != nil {
		return endpointURL{}, err
	}
	if err := to.checkDial(); err != nil {
		return endpointURL{}, classify(err)
	}
	return to, nil
}

// checkDial reports why nobody can ever dial the URL.
func (to endpointURL) checkDial() error {
	if t, ok := to.transport.(transport.DialChecker); ok {
		return t.CheckDial(to.scheme, to.address)
	}
	return nil
}

func (to endpointURL) dial(ctx context.Context, cfg *transport.Config) (transport.Conn, error) {
	return to.transport.Dial(ctx, to.scheme, to.address, cfg)
}

func (to endpointURL) listen(ctx context.Context, cfg *transport.Config) (transport.Listener, error) {
	return to.transport.Listen(ctx, to.scheme, to.address, cfg)
}

// once reports whether the address can be dialed once only, as a descriptor can.
func (to endpointURL) once() bool {
	_, ok := to.transport.(transport.Once)
	return ok
}

// foreign names the transport for the error of Close if it is not one of gonng's: it may break
// the rule that calls end on Close. "": it is.
func (to endpointURL) foreign(url string) string {
	if builtin[to.scheme] != nil {
		return ""
	}
	return "the transport of " + withoutPassword(url)
}

// knows reports whether the transport can honour the options.
func (to endpointURL) knows(options transport.Options) bool {
	return options&^to.options == 0
}

// withoutPassword is url as errors, logs and pages show it. Only a URL with a host has a
// password.
func withoutPassword(url string) string {
	scheme, address, _ := strings.Cut(url, ":")
	if scheme = strings.ToLower(scheme); !strings.Contains(scheme, "ws") && !strings.Contains(scheme, "tcp") {
		return url
	}
	address = strings.TrimPrefix(address, "//")
	host := address[:strings.IndexAny(address+"/", "/?#")]
	at := strings.LastIndex(host, "@")
	user, _, has := strings.Cut(host[:max(at, 0)], ":")
	if !has {
		return url
	}
	return strings.TrimSuffix(url, address) + user + ":xxxxx" + address[at:]
}

// String names the transport, for errors.
func (to endpointURL) String() string { return to.scheme + "://" }

// cutURL takes scheme://address apart, or scheme:host:port, which pynng's
// documentation writes for tcp and tls+tcp.
func cutURL(url string) (scheme, address string, ok bool) {
	scheme, address, ok = strings.Cut(url, "://")
	if ok {
		return strings.ToLower(scheme), address, true
	}
	scheme, address, _ = strings.Cut(url, ":")
	scheme = strings.ToLower(scheme)
	switch strings.TrimPrefix(scheme, "tls+") {
	case "tcp", "tcp4", "tcp6":
		return scheme, address, strings.Contains(address, ":") && !strings.HasPrefix(address, "/")
	}
	return "", "", false
}
