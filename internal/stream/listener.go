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
	// Config is that of the beginning, see SetConfig.
	Config *transport.Config
	// Address is what URL returns.
	Address string
	// Prepare, if not nil, sets options of an accepted connection, and returns it or
	// a layer over it, such as TLS.
	Prepare func(net.Conn, *transport.Config) (net.Conn, error)

	changed atomic.Pointer[transport.Config]
}

// Listen makes a transport.Listener of one that is bound, and speaks as those
// who dial it do: as tcp, or as ipc over a Unix socket or named pipe.
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

// URL is where to dial what listens at addr.
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
		i.Conn, i.unprepared = l.Prepare(nc, cfg) // the connection may have ended
	}
	return i, nil
}
