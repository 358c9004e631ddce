package gonng

import (
	"context"
	"log/slog"
	"time"
)

// WithListen makes the new socket listen at url, as [Socket.Listen] does. Given
// several times it listens at each. When one fails the constructor fails. pynng:
// the keyword argument listen.
func WithListen(url string, opts ...ListenOption) SocketOption {
	return forSocket(setting{name: "WithListen", start: func(s *socket) error {
		_, err := s.Listen(context.Background(), url, opts...)
		return err
	}})
}

// WithDial makes the new socket dial url, as [Socket.Dial] does: the constructor
// waits for the outcome of the first attempt. Given several times it dials each.
// pynng: the keyword argument dial.
func WithDial(url string, opts ...DialOption) SocketOption {
	return forSocket(setting{name: "WithDial", start: func(s *socket) error {
		_, err := s.Dial(context.Background(), url, opts...)
		return err
	}})
}

// WithName names the socket in logs. Default, and for "": its protocol's name.
// nng: NNG_OPT_SOCKNAME.
func WithName(name string) SocketOption {
	return forSocket(setting{name: "WithName", change: func(c *Config) { c.Name = name }})
}

// WithLogger makes the socket log to l. It logs a peer that connects or disconnects at
// [slog.LevelInfo]; a connection that fails or is refused, and messages that are
// dropped, at LevelWarn, and repetitions of those at LevelDebug; a [Handler] that
// failed at LevelError. Default, and for nil: the socket logs nothing, except that
// [slog.Default] gets the first failure of a Dial that goes on in the background, and a
// Handler that failed.
func WithLogger(l *slog.Logger) SocketOption {
	return forSocket(setting{name: "WithLogger", change: func(c *Config) { c.Logger = l }})
}

// withContexts are the protocols that have contexts.
var withContexts = []Protocol{ProtocolReq0, ProtocolRep0, ProtocolSub0, ProtocolSurveyor0, ProtocolRespondent0}

// WithRecvTimeout bounds every receive, beside its context: after d it returns
// ErrTimeout. Default 0: no bound. Negative: ErrInvalid. A context may have its
// own. A socket that does not receive takes it, so that one list of options does
// for all. nng: NNG_OPT_RECVTIMEO; pynng: recv_timeout.
func WithRecvTimeout(d time.Duration) SocketOption {
	return forSocket(setting{
		name:     "WithRecvTimeout",
		err:      notNegative("WithRecvTimeout", d),
		change:   func(c *Config) { c.RecvTimeout = d },
		contexts: withContexts,
	})
}

// WithSendTimeout bounds every send, beside its context: after d it returns
// ErrTimeout. Default 0: no bound. Negative: ErrInvalid. A context may have its
// own. A socket that does not send takes it, so that one list of options does for
// all. nng: NNG_OPT_SENDTIMEO; pynng: send_timeout.
func WithSendTimeout(d time.Duration) SocketOption {
	return forSocket(setting{
		name:     "WithSendTimeout",
		err:      notNegative("WithSendTimeout", d),
		change:   func(c *Config) { c.SendTimeout = d },
		contexts: withContexts,
	})
}

// WithRecvBuffer is how many messages are held until the program receives them.
//
// Most sockets hold about so many of each peer, and do not read on from one of
// which they have them: that holds the peer back. What one read of a connection
// brought, up to 64 KiB of small messages, is always kept whole. A Sub0, each of
// its contexts and each survey hold exactly so many, and drop messages when they
// have them, see [WithPreferNew].
//
// Default 0: as many as fit into 128 KiB of each peer, or into 4 MiB where
// messages are dropped; always at least one. Negative: ErrInvalid. Pub0 and Push0
// do not receive: ErrNotSupported. A context of Sub0 or Surveyor0 may have its
// own. nng: NNG_OPT_RECVBUF; pynng: recv_buffer_size.
func WithRecvBuffer(messages int) SocketOption {
	return forSocket(setting{
		name:   "WithRecvBuffer",
		err:    notNegative("WithRecvBuffer", messages),
		change: func(c *Config) { c.RecvBuffer = messages },
		protocols: []Protocol{ProtocolPair0, ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolSub0, ProtocolPull0,
			ProtocolSurveyor0, ProtocolRespondent0, ProtocolBus0},
		lacking:  "which does not receive",
		contexts: []Protocol{ProtocolSub0, ProtocolSurveyor0},
	})
}

// WithSendBuffer is how many messages wait for each peer that does not take
// them yet, beside those being written, before a send waits, or on Pub0,
// Surveyor0 and Bus0 before messages to the peer are dropped. Changed later, it
// holds for new connections.
//
// Pair0, Pair1, Push0, their raw forms and a raw Req0 accept so many messages also
// while no peer is connected. These go to the first peer that connects, in order. Close
// does not wait for a peer to come: its error names their number, and Stats counts them
// as Unsent. Messages in the queue of a peer that is lost do not return to the buffer.
//
// Default 0: as many for each peer as fit into 128 KiB, or into 4 MiB where messages
// are dropped, always at least one; and while no peer is connected a send waits.
// Negative: ErrInvalid. Sub0 and Pull0 do not send: ErrNotSupported. nng:
// NNG_OPT_SENDBUF; pynng: send_buffer_size.
func WithSendBuffer(messages int) SocketOption {
	return forSocket(setting{
		name:   "WithSendBuffer",
		err:    notNegative("WithSendBuffer", messages),
		change: func(c *Config) { c.SendBuffer = messages },
		protocols: []Protocol{ProtocolPair0, ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolPub0, ProtocolPush0,
			ProtocolSurveyor0, ProtocolRespondent0, ProtocolBus0},
		lacking: "which does not send",
	})
}

// WithRecvMaxSize is the largest message accepted from a peer, in bytes, with its
// SP header (at most a few words). A peer that announces a larger one is disconnected,
// which is counted and logged. A Req0 skips a reply of up to 16 times the limit
// instead, and its request fails with ErrMessageTooLarge. Changed later, it holds for
// new connections. Default 1 MiB; 0: no limit. Negative: ErrInvalid. nng:
// NNG_OPT_RECVMAXSZ; pynng: recv_max_size.
func WithRecvMaxSize(bytes int) EndpointOption {
	return forEndpoint(setting{
		name:    "WithRecvMaxSize",
		err:     notNegative("WithRecvMaxSize", bytes),
		change:  func(c *Config) { c.RecvMaxSize = bytes },
		carried: true,
	})
}

// WithReconnectTime is how long a dialer pauses after it failed to connect or lost its
// connection. The first pause is min, and each following one is twice as long, up to
// max; with max 0 the pause stays at min. Each pause is shortened at random by up to a
// half, so that a thousand peers do not come back at once. After a connection that
// received a message, or lasted longer than the longest pause, the pause begins at min
// again. Default: 100 ms, growing to 1 s. ErrInvalid unless 0 < min, and max is 0 or
// not below min. nng: NNG_OPT_RECONNMINT and NNG_OPT_RECONNMAXT; pynng:
// reconnect_time_min and reconnect_time_max.
func WithReconnectTime(min, max time.Duration) SocketDialOption {
	var err error
	if min <= 0 || max != 0 && max < min {
		err = errorf(ErrInvalid, "WithReconnectTime(%v, %v): want 0 < min, and max either 0 or not below min", min, max)
	}
	return forSocketDial(setting{
		name:   "WithReconnectTime",
		err:    err,
		change: func(c *Config) { c.ReconnectMin, c.ReconnectMax = min, max },
	})
}

// WithLinger is how long Close may take to hand what Send accepted to the
// operating system. Default 1 s; 0 drops it. Negative: ErrInvalid. nng has no such
// option, libzmq calls it ZMQ_LINGER.
func WithLinger(d time.Duration) SocketOption {
	return forSocket(setting{
		name:   "WithLinger",
		err:    notNegative("WithLinger", d),
		change: func(c *Config) { c.Linger = d },
	})
}

// WithTTL is how many hops a message may have made to be accepted: 1 from its
// sender, and 1 more for each device between. One that has made more is dropped
// and counted. Default 8; other than 1 to 255: ErrInvalid. Pair1, Req0, Rep0,
// Surveyor0 and Respondent0 take it; elsewhere messages do not count their hops,
// and it is ErrNotSupported. nng: NNG_OPT_MAXTTL; pynng: ttl_max.
func WithTTL(hops int) SocketOption {
	var err error
	if hops < 1 || hops > 255 {
		err = errorf(ErrInvalid, "WithTTL(%d): want 1 to 255", hops)
	}
	return forSocket(setting{
		name:      "WithTTL",
		err:       err,
		change:    func(c *Config) { c.TTL = hops },
		protocols: []Protocol{ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolSurveyor0, ProtocolRespondent0},
		lacking:   "whose messages do not count hops",
	})
}

// WithDialMode says what Dial, and [WithDial] with it, does when the peer is not
// there yet. It counts when a dialer is made: on a dialer that exists it is
// ErrNotSupported. Default [DialRetry]; what is none of the three modes is
// ErrInvalid. pynng: block_on_dial, and the argument block of dial.
func WithDialMode(mode DialMode) SocketDialOption {
	var err error
	if mode < DialRetry || mode > DialBackground {
		err = errorf(ErrInvalid, "WithDialMode(%d): no such mode", int(mode))
	}
	return forSocketDial(setting{
		name:   "WithDialMode",
		err:    err,
		change: func(c *Config) { c.DialMode = mode },
		making: true,
	})
}

// WithPriority is how early the peers of a dialer or listener are sent to, from
// 1, the default, to 16; others are ErrInvalid. A message goes to one of the
// peers with the lowest number that can take it, and to those with the next
// number only when none of them can. It holds for the connections to come. Push0
// and Req0, which choose a peer for each message, take it; elsewhere it is
// ErrNotSupported. nanomsg: NN_SNDPRIO.
func WithPriority(n int) EndpointOption {
	var err error
	if n < 1 || n > 16 {
		err = errorf(ErrInvalid, "WithPriority(%d): want 1 to 16", n)
	}
	return forEndpoint(setting{
		name:      "WithPriority",
		err:       err,
		change:    func(c *Config) { c.Priority = n },
		protocols: []Protocol{ProtocolPush0, ProtocolReq0},
		lacking:   "which does not choose one of its peers for each message",
	})
}

// WithMaxPeers is how many peers a listener may have at the same time. One too
// many is refused, counted and logged as any refusal. Lowered later, it
// disconnects nobody. Default 0: any number. Negative: ErrInvalid.
func WithMaxPeers(n int) ListenOption {
	return listenOption{setting: &setting{
		name:   "WithMaxPeers",
		err:    notNegative("WithMaxPeers", n),
		change: func(c *Config) { c.MaxPeers = n },
		ends:   listening,
	}}
}

// WithAuthorize makes allow decide whether a peer may connect, before a listener
// answers it and within the time of the handshake, when ctx ends. An error
// refuses the peer; it is logged, counted and, where the transport can, told.
// What works on such a pipe is its addresses, [Pipe.TLS], [Pipe.HTTPRequest],
// [Pipe.PeerCred] and [Pipe.Close]. allow is called from many goroutines at a
// time. Default, and for nil: everybody may.
func WithAuthorize(allow func(ctx context.Context, p *Pipe) error) SocketOption {
	return forSocket(setting{name: "WithAuthorize", change: func(c *Config) { c.Authorize = allow }})
}

// WithPipeHook is [Socket.OnPipe] from before the first connection on. A hook
// that is nil, and what is none of the three events, is ErrInvalid.
func WithPipeHook(event PipeEvent, hook func(*Pipe)) SocketOption {
	return forSocket(setting{
		name: "WithPipeHook",
		err:  checkHook("WithPipeHook", event, hook),
		hook: func(s *socket) { s.OnPipe(event, hook) },
	})
}
