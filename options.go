package gonng

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// WithListen makes the socket listen at url, as [Socket.Listen] does. Given several times, the
// socket listens at each URL. When it cannot listen at one, the constructor fails. pynng: the
// keyword argument listen.
func WithListen(url string, opts ...ListenOption) SocketOption {
	return forSocket(setting{name: "WithListen", start: func(s *socket) error {
		_, err := s.Listen(context.Background(), url, opts...)
		return err
	}})
}

// WithDial makes the socket dial url, as [Socket.Dial] does. The constructor waits for the
// first attempt to connect, see [WithDialMode]. Given several times, the socket dials each
// URL, one after the other. pynng: the keyword argument dial.
func WithDial(url string, opts ...DialOption) SocketOption {
	return forSocket(setting{name: "WithDial", start: func(s *socket) error {
		_, err := s.Dial(context.Background(), url, opts...)
		return err
	}})
}

// WithName sets the name of the socket in logs. Default, and for "": the name of its protocol.
// nng: NNG_OPT_SOCKNAME.
func WithName(name string) SocketOption {
	return forSocket(setting{name: "WithName", change: func(c *Config) { c.Name = name }})
}

// WithLogger makes the socket log to l. It logs a peer that connects or disconnects at
// [slog.LevelInfo]; a connection that fails or is refused, and messages that are
// dropped, at LevelWarn, and repetitions of those at LevelDebug; a [Handler] that
// failed at LevelError. Default, and for nil: the socket logs nothing, except that
// [slog.Default] gets the first failure of a Dial that goes on in the background, and a
// Handler that failed. nng: nng_log_set_logger, for the whole process.
func WithLogger(l *slog.Logger) SocketOption {
	return forSocket(setting{name: "WithLogger", change: func(c *Config) { c.Logger = l }})
}

// withContexts are the protocols that have contexts.
var withContexts = []Protocol{ProtocolReq0, ProtocolRep0, ProtocolSub0, ProtocolSurveyor0, ProtocolRespondent0}

// WithRecvTimeout makes each receive return ErrTimeout after d, if its ctx has not ended
// before. Default 0: no bound. Negative: ErrInvalid. A context may have a value of its own. A
// socket that does not receive ignores the option, so that one list of options fits all
// sockets. nng: NNG_OPT_RECVTIMEO; pynng: recv_timeout.
func WithRecvTimeout(d time.Duration) SocketOption {
	return forSocket(setting{
		name:     "WithRecvTimeout",
		err:      notNegative("WithRecvTimeout", d),
		change:   func(c *Config) { c.RecvTimeout = d },
		contexts: withContexts,
	})
}

// WithSendTimeout makes each send return ErrTimeout after d, if its ctx has not ended before.
// Default 0: no bound. Negative: ErrInvalid. A context may have a value of its own. A socket
// that does not send ignores the option, so that one list of options fits all sockets. nng:
// NNG_OPT_SENDTIMEO; pynng: send_timeout.
func WithSendTimeout(d time.Duration) SocketOption {
	return forSocket(setting{
		name:     "WithSendTimeout",
		err:      notNegative("WithSendTimeout", d),
		change:   func(c *Config) { c.SendTimeout = d },
		contexts: withContexts,
	})
}

// WithRecvBuffer sets how many messages the socket holds until the program receives them.
//
// Most sockets hold about this many messages of each peer. While they hold as many they do
// not read from that peer, which has to wait. What one read of a connection brought, up to
// 64 KiB of small messages, is always kept. A Sub0, each of its contexts and each survey hold
// at most this many messages of all peers together. When one more comes they drop the
// oldest, or what [WithPreferNew] says.
//
// Default 0: as many as fit into 128 KiB for each peer, or into 4 MiB where messages are
// dropped; always at least one. Negative: ErrInvalid. Pub0 and Push0 do not receive:
// ErrNotSupported. A context of Sub0 or Surveyor0 may have a value of its own. nng:
// NNG_OPT_RECVBUF; pynng: recv_buffer_size.
func WithRecvBuffer(messages int) SocketOption {
	return forSocket(setting{
		name:   "WithRecvBuffer",
		err:    notNegative("WithRecvBuffer", messages),
		change: func(c *Config) { c.RecvBuffer = messages },
		protocols: []Protocol{ProtocolPair0, ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolSub0, ProtocolPull0,
			ProtocolSurveyor0, ProtocolRespondent0, ProtocolBus0},
		whyNot:   "which does not receive",
		contexts: []Protocol{ProtocolSub0, ProtocolSurveyor0},
	})
}

// WithSendBuffer sets how many messages may wait to be written to each peer, beside those
// that are being written. When the queue of every peer is full, a send waits. Pub0,
// Surveyor0 and Bus0 do not wait: they drop each message for a peer whose queue is full. Nor
// do Rep0 and Respondent0: they read no more from such a peer. A changed value holds for new
// connections.
//
// While no peer is connected, Pair0, Pair1, Push0, their raw forms and a raw Req0 accept as
// many messages, which go in order to the first peer that connects. Close does not wait for
// such a peer: its error says how many messages were left, and Stats counts them as Unsent.
// When a peer is lost, the messages in its queue do not return to the buffer.
//
// Default 0: for each peer as many as fit into 128 KiB, or into 4 MiB where messages are
// dropped, always at least one; while no peer is connected none, so that a send waits.
// Negative: ErrInvalid. Sub0 and Pull0 do not send: ErrNotSupported. nng: NNG_OPT_SENDBUF;
// pynng: send_buffer_size.
func WithSendBuffer(messages int) SocketOption {
	return forSocket(setting{
		name:   "WithSendBuffer",
		err:    notNegative("WithSendBuffer", messages),
		change: func(c *Config) { c.SendBuffer = messages },
		protocols: []Protocol{ProtocolPair0, ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolPub0, ProtocolPush0,
			ProtocolSurveyor0, ProtocolRespondent0, ProtocolBus0},
		whyNot: "which does not send",
	})
}

// WithRecvMaxSize sets the size, in bytes, of the largest message that is accepted from a
// peer. The SP header of the message counts, which is at most a few words of 4 bytes. A peer
// that announces a larger message is disconnected; that is counted (TooLarge) and logged. A
// Req0 skips a reply of up to 16 times the limit instead, and the request fails with
// ErrMessageTooLarge. A changed value holds for new connections. Default 1 MiB; 0: no limit.
// Negative: ErrInvalid. nng: NNG_OPT_RECVMAXSZ; pynng: recv_max_size.
func WithRecvMaxSize(bytes int) EndpointOption {
	return forEndpoint(setting{
		name:        "WithRecvMaxSize",
		err:         notNegative("WithRecvMaxSize", bytes),
		change:      func(c *Config) { c.RecvMaxSize = bytes },
		byTransport: true,
	})
}

// WithReconnectTime sets how long a dialer pauses after it failed to connect or lost its
// connection. The first pause is min, and each following one is twice as long, up to
// max; with max 0 the pause stays at min. Each pause is shortened at random by up to a
// half, so that a thousand peers do not come back at once. The pause begins at min again
// after a connection that received a message or lasted longer than the longest pause.
// Default: 100 ms, growing to 1 s. min must be above 0, and max must be 0 or not below min;
// else ErrInvalid. nng: NNG_OPT_RECONNMINT and NNG_OPT_RECONNMAXT; pynng:
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

// WithResolver makes r look up the names with many addresses: those of URLs that begin with
// dns+ or dnssrv+. Its Dial, if it has one, must return when its ctx ends. Default, and for
// nil: [net.DefaultResolver]. Given to a dialer of another
// URL: ErrNotSupported.
func WithResolver(r *net.Resolver) SocketDialOption {
	return forSocketDial(setting{
		name:      "WithResolver",
		change:    func(c *Config) { c.Resolver = r },
		transport: optResolve,
	})
}

// WithResolveInterval sets the longest pause between two look-ups of a name with many
// addresses. Each pause is shortened at random by up to a half, so that many programs do not
// ask at the same time. While no address is known, the pauses are those of
// [WithReconnectTime]. A changed value holds from the next pause on. Default 10 s; not above 0:
// ErrInvalid. Given to a dialer of another URL: ErrNotSupported.
func WithResolveInterval(d time.Duration) SocketDialOption {
	var err error
	if d <= 0 {
		err = errorf(ErrInvalid, "WithResolveInterval(%v): want more than 0", d)
	}
	return forSocketDial(setting{
		name:      "WithResolveInterval",
		err:       err,
		change:    func(c *Config) { c.ResolveInterval = d },
		transport: optResolve,
	})
}

// WithLinger sets how long Close may take to hand what Send accepted to the operating
// system; see Close. Default 1 s; with 0 Close drops it. Negative: ErrInvalid. Shutdown takes
// as long as its ctx allows instead. nng has no such option, libzmq has ZMQ_LINGER.
func WithLinger(d time.Duration) SocketOption {
	return forSocket(setting{
		name:   "WithLinger",
		err:    notNegative("WithLinger", d),
		change: func(c *Config) { c.Linger = d },
	})
}

// WithTTL sets how many hops a message may have made when it is received: 1 from its sender,
// and 1 more for each device between. The socket drops and counts (TTLExceeded) a message
// that has made more. Default 8; other than 1 to 255: ErrInvalid. Pair1, Req0, Rep0,
// Surveyor0 and Respondent0 have this option. The messages of other protocols do not count
// their hops: ErrNotSupported. nng: NNG_OPT_MAXTTL; pynng: ttl_max.
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
		whyNot:    "whose messages do not count hops",
	})
}

// WithDialMode says what Dial and [WithDial] do when the peer is not there yet. It is used
// only when a dialer is made: [Dialer.Set] refuses it with ErrNotSupported. Default
// [DialRetry]; any value but the three modes is ErrInvalid. nng: NNG_FLAG_NONBLOCK; pynng:
// block_on_dial, and the argument block of dial.
func WithDialMode(mode DialMode) SocketDialOption {
	var err error
	if mode < DialRetry || mode > DialBackground {
		err = errorf(ErrInvalid, "WithDialMode(%d): no such mode", int(mode))
	}
	return forSocketDial(setting{
		name:         "WithDialMode",
		err:          err,
		change:       func(c *Config) { c.DialMode = mode },
		creationOnly: true,
	})
}

// WithPriority sets the priority of the peers of a dialer or listener: 1, the default, is the
// highest, 16 the lowest; others are ErrInvalid. The socket sends each message to one of the
// peers with the lowest number that has room, and to a peer with the next number only when
// none of those has. A changed value holds for the connections to come. Push0 and Req0 have
// this option, because they choose a peer for each message; elsewhere it is ErrNotSupported.
// nanomsg: NN_SNDPRIO.
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
		whyNot:    "which does not choose one of its peers for each message",
	})
}

// WithMaxPeers sets how many peers a listener may have at the same time. The listener refuses
// one more, and counts (Refused) and logs that. To lower the number disconnects nobody.
// Default 0: any number. Negative: ErrInvalid.
func WithMaxPeers(n int) ListenOption {
	return listenOption{setting: &setting{
		name:   "WithMaxPeers",
		err:    notNegative("WithMaxPeers", n),
		change: func(c *Config) { c.MaxPeers = n },
		ends:   listening,
	}}
}

// WithAuthorize makes allow decide whether a peer may connect. A listener calls allow before
// it answers the peer; ctx ends when the time of the handshake (5 s) is over. When allow
// returns an error, the listener refuses the peer, counts (Refused) and logs the error, and
// tells it to the peer where the transport can. Only the addresses of the pipe, [Pipe.TLS],
// [Pipe.HTTPRequest], [Pipe.PeerCred] and [Pipe.Close] can be used in allow. Many goroutines
// may call allow at the same time. Default, and for nil: every peer may connect.
func WithAuthorize(allow func(ctx context.Context, p *Pipe) error) SocketOption {
	return forSocket(setting{name: "WithAuthorize", change: func(c *Config) { c.Authorize = allow }})
}

// WithPipeHook adds a hook, as [Socket.OnPipe] does, before the socket has its first
// connection. ErrInvalid: hook is nil, or event is none of the three. nng: nng_pipe_notify.
func WithPipeHook(event PipeEvent, hook func(*Pipe)) SocketOption {
	return forSocket(setting{
		name: "WithPipeHook",
		err:  checkHook("WithPipeHook", event, hook == nil),
		hook: func(s *socket) { s.OnPipe(event, hook) },
	})
}
