//go:build !js

package ws

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/gonng/gonng/transport"
)

// listener is a transport.Listener at one path of an HTTP server: of a server of this package
// or of the program's.
type listener struct {
	cfg    atomic.Pointer[transport.Config]
	path   string
	url    string
	addr   net.Addr
	server *server // nil: the server is the program's

	peers chan accepted // to Accept
	once  sync.Once
	done  chan struct{} // closed by Close
}

// accepted is what Accept returns.
type accepted struct {
	peer *incoming
	err  error
}

func newListener(a address, cfg *transport.Config) *listener {
	l := &listener{
		path: a.Path, url: a.at(""), addr: new(net.TCPAddr),
		peers: make(chan accepted), done: make(chan struct{}),
	}
	l.cfg.Store(cfg)
	return l
}

// SetConfig implements transport.Reconfigurable. The options of TCP and TLS then hold for all
// listeners of the address.
func (l *listener) SetConfig(cfg *transport.Config) {
	l.cfg.Store(cfg)
	if l.server != nil {
		l.server.configure(cfg)
	}
}

// URL implements transport.Listener.
func (l *listener) URL() string { return l.url }

// Addr implements transport.Listener. Port 0 says that nothing is bound: the server is the
// program's.
func (l *listener) Addr() net.Addr { return l.addr }

// Accept implements transport.Listener. The peer has sent its request already, or something
// else, and then Hear returns the error.
func (l *listener) Accept() (transport.Incoming, error) {
	select {
	case a := <-l.peers:
		if a.err != nil {
			return nil, a.err
		}
		return a.peer, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements transport.Listener.
func (l *listener) Close() error {
	var err error
	l.once.Do(func() {
		close(l.done)
		if l.server != nil {
			err = l.server.remove(l)
		}
	})
	return err
}

// ServeHTTP implements http.Handler. It takes over the connection of the request and hands
// it to Accept. It checks neither the path nor credentials: the program's server has to.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-l.done:
		_ = refuse(w, http.StatusServiceUnavailable, errClosed)
		return
	default:
	}
	l.hand(l.upgrade(w, r))
}

// hand passes a peer on to Accept, and waits for that. It refuses the peer when the listener
// is closed.
func (l *listener) hand(peer *incoming) {
	select {
	case l.peers <- accepted{peer: peer}:
	case <-l.done:
		peer.Refuse(errClosed)
	}
}

// fail makes Accept return an error that may pass.
func (l *listener) fail(err error) {
	select {
	case l.peers <- accepted{err: err}:
	case <-l.done:
	}
}

// errClosed refuses a peer, with status 503.
var errClosed = fmt.Errorf("%w: the listener is closed", transport.ErrBusy)

// remoteAddr returns the address that the request comes from.
func remoteAddr(r *http.Request) net.Addr {
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(addr)
	}
	return &net.UnixAddr{Name: cmp.Or(r.RemoteAddr, "@"), Net: "unix"}
}
