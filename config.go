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

// Config has the values of all options of a socket, context, dialer or listener. Each Config
// method returns a copy; only the With functions change a value. The With function of the
// same name documents its field. nng: nng_socket_get, nng_dialer_get and so on.
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

	ReconnectMin    time.Duration // the first pause of a dialer; default 100 ms
	ReconnectMax    time.Duration // the longest pause, up to which it doubles; default 1 s; 0: it stays at ReconnectMin
	Resolver        *net.Resolver // looks up names with many addresses; nil, the default: net.DefaultResolver
	ResolveInterval time.Duration // the longest pause between two look-ups; default 10 s
	DialMode        DialMode      // what Dial does when the first attempt fails; default DialRetry

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
}

// handshakeTimeout is how long a peer may take to introduce itself, and a listener to
// decide over it.
const handshakeTimeout = 5 * time.Second

// DialMode says what Dial does when the first attempt to connect fails. nng:
// NNG_FLAG_NONBLOCK; pynng: the keyword arguments block and block_on_dial.
type DialMode int

const (
	// DialRetry, the default: Dial waits for the first attempt. When that fails, Dial logs
	// the failure and returns no error, and the dialer tries again in the background.
	// pynng: block=None.
	DialRetry DialMode = iota
	// DialWait: Dial waits for the first attempt, returns its error, and then does not try
	// again. When there is no error, a gonng listener has accepted this side as its peer;
	// nng, nanomsg and mangos answer before they decide. pynng: block=True.
	DialWait
	// DialBackground: Dial does not wait for the first attempt. nng: NNG_FLAG_NONBLOCK;
	// pynng: block=False.
	DialBackground
)

// String returns the name of the mode: retry, wait or background.
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

// DefaultConfig returns the values that the options of a new socket of the protocol have
// unless it is given others.
func DefaultConfig(p Protocol) Config {
	ttl := 0
	if p.countsHops() {
		ttl = 8
	}
	return Config{
		Name:         p.String(),
		RecvMaxSize:  1 << 20,
		Linger:       time.Second,
		TTL:          ttl,
		ReconnectMin: 100 * time.Millisecond,
		ReconnectMax: time.Second,
		Priority:     1,

		ResolveInterval: 10 * time.Second,
		ResendTime:      time.Minute,
		SurveyTime:      time.Second,
		PreferNew:       true,
		TCPNoDelay:      true,
	}
}

// copy returns a copy of c that shares no map with c.
func (c *Config) copy() Config {
	own := *c
	own.HTTPHeader = c.HTTPHeader.Clone()
	return own
}

// transport returns what a transport needs to know of c.
func (c *Config) transport(p Protocol) *transport.Config {
	most := 0
	if p == ProtocolSub0 {
		most = sp.SubTurn
	}
	return &transport.Config{
		Protocol:         uint16(p),
		Peer:             uint16(p.Peer()),
		ProtocolName:     p.String(),
		PeerName:         p.Peer().String(),
		RecvMaxSize:      c.RecvMaxSize,
		ReadMost:         most,
		HandshakeTimeout: handshakeTimeout,
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

// functionOfTLS names the functions of the program that a handshake at url calls, for the error
// of Close if one does not return; "": there are none.
func (c *Config) functionOfTLS(url string) string {
	t := c.TLS
	if t == nil || t.GetCertificate == nil && t.GetClientCertificate == nil && t.GetConfigForClient == nil &&
		t.VerifyPeerCertificate == nil && t.VerifyConnection == nil {
		return ""
	}
	return "a function of the configuration given to WithTLS for " + url
}

// protocol returns what the state machine of a protocol needs to know of c.
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

// nextPause is how long a dialer pauses after a pause of last; 0: there was none.
func (c *Config) nextPause(last time.Duration) time.Duration {
	switch {
	case last == 0:
		return c.ReconnectMin
	case c.ReconnectMax > 0:
		return min(2*last, c.ReconnectMax)
	}
	return last
}

func (c *Config) longestPause() time.Duration { return max(c.ReconnectMin, c.ReconnectMax) }

// dialContext returns the function of WithDialContext, or nil. It adds an error when that
// function returns neither a connection nor an error: otherwise the program would panic far
// from its mistake.
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
