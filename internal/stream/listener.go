package stream

import (
	"net"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Listener is a transport.Listener over any net.Listener.
type Listener struct {
	net.Listener
	Framing wire.Framing
	// Config is used until SetConfig is called.
	Config *transport.Config
	// Address is what URL returns.
	Address string
	// Prepare, if not nil, sets the options of an accepted connection, and returns the
	// connection or a layer over it, such as TLS. Its error is the peer's, not Accept's.
	Prepare func(net.Conn, *transport.Config) (net.Conn, error)

	changed atomic.Pointer[transport.Config] // by SetConfig; nil: never
}

// Listen makes a transport.Listener of l, which the program has bound. Over a Unix socket or
// a named pipe it speaks as ipc, over anything else as tcp.
func Listen(l net.Listener, cfg *transport.Config) *Listener {
	l = WholeName(l)
	framing, url := wire.IPCFraming, URL(l.Addr())
	if strings.HasPrefix(url, "tcp://") {
		framing = wire.StreamFraming
	}
	return &Listener{
		Listener: l,
		Framing:  framing,
		Config:   cfg,
		Address:  url,
		Prepare: func(nc net.Conn, cfg *transport.Config) (net.Conn, error) {
			return nc, inet.SetOptions(Underlying(nc), cfg)
		},
	}
}

// URL returns the URL at which a listener at addr can be dialed.
func URL(addr net.Addr) string {
	if name, ok := strings.CutPrefix(addr.String(), `\\.\pipe\`); ok && addr.Network() == "pipe" {
		return "ipc://" + name
	}
	if addr.Network() != "unix" {
		if host, port, err := net.SplitHostPort(addr.String()); err == nil {
			return "tcp://" + inet.Join(host, port)
		}
		return "tcp://" + addr.String()
	}
	if name, ok := strings.CutPrefix(addr.String(), "@"); ok { // as package net writes abstract names
		return "abstract://" + url.PathEscape(name)
	}
	return "ipc://" + addr.String()
}

// URL implements transport.Listener.
func (l *Listener) URL() string { return l.Address }

// SetConfig implements transport.Reconfigurable.
func (l *Listener) SetConfig(cfg *transport.Config) { l.changed.Store(cfg) }

// Accept implements transport.Listener.
func (l *Listener) Accept() (transport.Incoming, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	cfg := l.changed.Load()
	if cfg == nil {
		cfg = l.Config
	}
	i := &incoming{Conn: nc, cfg: cfg, framing: l.Framing}
	if l.Prepare != nil {
		i.Conn, i.unprepared = l.Prepare(nc, cfg) // fails when the connection has ended
	}
	return i, nil
}
