package gonng

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

// Config is all that can be set on a socket, a context, a dialer or a
// listener. [Socket.Config] returns a copy; the With functions change it.
type Config struct {
	Name   string       // for logs; "": the protocol's name, the default
	Logger *slog.Logger // nil: silent, but for what WithLogger says

	RecvTimeout time.Duration // 0: as long as the context allows
	SendTimeout time.Duration // 0: as long as the context allows
	RecvBuffer  int           // messages held for the program; 0: as many as fit into 128 KiB of each peer (where a full queue drops: 4 MiB)
	SendBuffer  int           // messages held for each peer, and while none is connected; 0: for each peer as many as fit into 128 KiB (where a full queue drops: 4 MiB)
	RecvMaxSize int           // bytes; 0: no limit; default 1 MiB
	Linger      time.Duration // how long Close may write what Send accepted; default 1 s
	TTL         int           // hops that a message may make; default 8; 0 where they are not counted

	ReconnectMin time.Duration // the first pause of a dialer; default 100 ms
	ReconnectMax time.Duration // the longest pause, up to which it doubles; default 1 s; 0: it stays at ReconnectMin
	DialMode     DialMode      // what Dial does when the first attempt fails; default DialRetry

	Priority int // Push0 and Req0: 1, the default, to 16; peers of a lower number are sent to first
	MaxPeers int // of a listener; 0, the default: any number
	// Authorize decides whether a peer may connect to a listener; nil, the
	// default: everybody may.
	Authorize func(ctx context.Context, p *Pipe) error

	ResendTime  time.Duration // Req0; 0: never; default 1 min
	SurveyTime  time.Duration // Surveyor0; default 1 s
	PreferNew   bool          // Sub0: a full queue drops the oldest, not the newest; default true
	Polyamorous bool          // Pair1: many peers

	TCPNoDelay   bool                // Nagle's algorithm is off; default true
	TCPKeepAlive net.KeepAliveConfig // zero, the default: as package net does
	TLS          *tls.Config         // nil, the default: dialers trust the system's authorities
	// DialContext connects dialers; nil, the default: a net.Dialer does.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	IPCPermissions        fs.FileMode // of the file of a listener; 0, the default: as the umask has it
	IPCSecurityDescriptor string      // of the named pipe of a listener on Windows, in SDDL; "": Windows' default

	HTTPHeader  http.Header              // of ws and wss
	CheckOrigin func(*http.Request) bool // of ws and wss; nil, the default: the same origin
	TextFrames  bool                     // of ws and wss: text is accepted

	handshakeTimeout time.Duration
	topics           []string // to subscribe to
}

// DialMode says what Dial does when the first attempt to connect fails.
type DialMode int

const (
	// DialRetry, the default, tries once while the caller waits. A failure is logged,
	// and the dialer goes on trying in the background. pynng's block=None.
	DialRetry DialMode = iota
	// DialWait returns the first failure and gives up. When it returns no error, a
	// gonng listener has taken this side as its peer; nng, nanomsg and mangos answer
	// before they decide. pynng's block=True.
	DialWait
	// DialBackground does not wait even for the first attempt; pynng's
	// block=False.
	DialBackground
)

// String is the mode's name: retry, wait or background.
func (m DialMode) String() string {
	switch m {
	case DialRetry:
		return "retry"
	case DialWait:
		return "wait"
	case DialBackground:
		return "background"
	}
	return fmt.Sprintf("DialMode(%d)", int(m))
}

func defaultConfig(p Protocol) Config {
	ttl := 0
	if p.countsHops() {
		ttl = 8
	}
	return Config{
		Name:             p.String(),
		RecvMaxSize:      1 << 20,
		Linger:           time.Second,
		TTL:              ttl,
		ReconnectMin:     100 * time.Millisecond,
		ReconnectMax:     time.Second,
		Priority:         1,
		ResendTime:       time.Minute,
		SurveyTime:       time.Second,
		PreferNew:        true,
		TCPNoDelay:       true,
		handshakeTimeout: 5 * time.Second,
	}
}

// copy returns c without what the two would share.
func (c *Config) copy() Config {
	own := *c
	own.HTTPHeader = c.HTTPHeader.Clone()
	return own
}

func (c *Config) transport(p Protocol) *transport.Config {
	return &transport.Config{
		Protocol:         uint16(p),
		Peer:             uint16(p.Peer()),
		ProtocolName:     p.String(),
		PeerName:         p.Peer().String(),
		RecvMaxSize:      c.RecvMaxSize,
		HandshakeTimeout: c.handshakeTimeout,
		TCPNoDelay:       c.TCPNoDelay,
		TCPKeepAlive:     c.TCPKeepAlive,
		DialContext:      c.dialContext(),
		TLS:              c.TLS,

		IPCPermissions:        c.IPCPermissions,
		IPCSecurityDescriptor: c.IPCSecurityDescriptor,

		HTTPHeader:  c.HTTPHeader,
		CheckOrigin: c.CheckOrigin,
		TextFrames:  c.TextFrames,
	}
}

// protocol is what the state machine of a protocol knows of the configuration.
func (c *Config) protocol() sp.Config {
	return sp.Config{
		RecvBuffer:  c.RecvBuffer,
		SendBuffer:  c.SendBuffer,
		TTL:         c.TTL,
		ResendTime:  c.ResendTime,
		SurveyTime:  c.SurveyTime,
		PreferNew:   c.PreferNew,
		Polyamorous: c.Polyamorous,
	}
}

// dialContext is the program's function, or nil. One that returns neither a
// connection nor an error would crash the program far from its mistake.
func (c *Config) dialContext() func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := c.DialContext
	if dial == nil {
		return nil
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := dial(ctx, network, address)
		if nc == nil && err == nil {
			err = errorf(ErrUnreachable, "the function of WithDialContext returned neither a connection nor an error")
		}
		return nc, err
	}
}
