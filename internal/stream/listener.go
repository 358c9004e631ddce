package stream

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Listener is a transport.Listener over any net.Listener.
type Listener struct {
	net.Listener
	Framing wire.Framing
	Config  *transport.Config
	// Address is what URL returns.
	Address string
	// Prepare, if not nil, sets options of an accepted connection.
	Prepare func(net.Conn) error
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
		Prepare:  func(nc net.Conn) error { return inet.SetOptions(Underlying(nc), cfg) },
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

// Accept implements transport.Listener.
func (l *Listener) Accept() (transport.Incoming, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &incoming{nc, l}, nil
}

type incoming struct {
	net.Conn
	l *Listener
}

func (i *incoming) Handshake(ctx context.Context) (transport.Conn, error) {
	if i.l.Prepare != nil {
		if err := i.l.Prepare(i.Conn); err != nil {
			i.Close()
			return nil, err
		}
	}
	return Handshake(ctx, i.Conn, i.l.Framing, i.l.Config)
}
