package ws

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/gonng/gonng/transport"
)

// listener is a path on a server, ours or the program's.
type listener struct {
	cfg    *transport.Config
	path   string
	url    string
	addr   net.Addr
	server *server // nil: the program's

	peers chan *incoming
	once  sync.Once
	done  chan struct{}
}

func newListener(a address, cfg *transport.Config) *listener {
	return &listener{
		cfg: cfg, path: a.Path, url: a.at(""), addr: new(net.TCPAddr),
		peers: make(chan *incoming), done: make(chan struct{}),
	}
}

// URL implements transport.Listener.
func (l *listener) URL() string { return l.url }

// Addr implements transport.Listener. Nothing is bound at port 0.
func (l *listener) Addr() net.Addr { return l.addr }

// Accept implements transport.Listener. Who comes has finished the handshake,
// or failed to.
func (l *listener) Accept() (transport.Incoming, error) {
	select {
	case peer := <-l.peers:
		return peer, nil
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

// ServeHTTP makes a peer of whoever sent the request. It checks neither path
// nor credentials: that is done by who calls it.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-l.done:
		http.Error(w, "the listener is closed", http.StatusServiceUnavailable)
		return
	default:
	}
	peer := &incoming{remote: remoteAddr(r)}
	peer.conn, peer.err = l.upgrade(w, r)
	l.hand(peer)
}

// hand passes a peer on to Accept.
func (l *listener) hand(peer *incoming) {
	select {
	case l.peers <- peer:
	case <-l.done:
		peer.Close()
	}
}

// incoming is a transport.Incoming that has finished its handshake.
type incoming struct {
	remote net.Addr
	conn   transport.Conn
	err    error
}

func (i *incoming) RemoteAddr() net.Addr { return i.remote }

func (i *incoming) Handshake(context.Context) (transport.Conn, error) {
	if i.err != nil {
		return nil, i.err
	}
	return i.conn, nil
}

func (i *incoming) Close() error {
	if i.conn == nil {
		return nil
	}
	return i.conn.Close()
}

// remoteAddr is where the request comes from.
func remoteAddr(r *http.Request) net.Addr {
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(addr)
	}
	return &net.UnixAddr{Name: cmp.Or(r.RemoteAddr, "@"), Net: "unix"}
}
