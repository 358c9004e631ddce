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

// listener is a path on a server, ours or the program's.
type listener struct {
	cfg    atomic.Pointer[transport.Config]
	path   string
	url    string
	addr   net.Addr
	server *server // nil: the program's

	peers chan accepted
	once  sync.Once
	done  chan struct{}
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

// SetConfig implements transport.Reconfigurable. The options of TCP and TLS hold for
// all listeners of the address.
func (l *listener) SetConfig(cfg *transport.Config) {
	l.cfg.Store(cfg)
	if l.server != nil {
		l.server.configure(cfg)
	}
}

// URL implements transport.Listener.
func (l *listener) URL() string { return l.url }

// Addr implements transport.Listener. Nothing is bound at port 0.
func (l *listener) Addr() net.Addr { return l.addr }

// Accept implements transport.Listener. The peer has sent its request, or something
// wrong.
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

// ServeHTTP makes a peer of the client that sent the request. It checks neither path
// nor credentials: its caller does.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-l.done:
		_ = refuse(w, http.StatusServiceUnavailable, errClosed)
		return
	default:
	}
	l.hand(l.upgrade(w, r))
}

// hand passes a peer on to Accept.
func (l *listener) hand(peer *incoming) {
	select {
	case l.peers <- accepted{peer: peer}:
	case <-l.done:
		peer.Refuse(errClosed)
	}
}

// fail has Accept return an error, which may pass.
func (l *listener) fail(err error) {
	select {
	case l.peers <- accepted{err: err}:
	case <-l.done:
	}
}

var errClosed = fmt.Errorf("%w: the listener is closed", transport.ErrBusy)

// remoteAddr is where the request comes from.
func remoteAddr(r *http.Request) net.Addr {
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(addr)
	}
	return &net.UnixAddr{Name: cmp.Or(r.RemoteAddr, "@"), Net: "unix"}
}
