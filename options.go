package gonng

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// WithListen makes the new socket listen at url, as [Socket.Listen] does. Given
// several times it listens at each. When one fails the constructor fails. pynng:
// the keyword argument listen.
func WithListen(url string, opts ...ListenOption) SocketOption {
	return socketOption{setting: func(c *Config) error {
		c.start = append(c.start, func(s *socket) error {
			_, err := s.Listen(context.Background(), url, opts...)
			return err
		})
		return nil
	}}
}

// WithDial makes the new socket dial url, as [Socket.Dial] does: the constructor
// waits for the outcome of the first attempt. Given several times it dials each.
// pynng: the keyword argument dial.
func WithDial(url string, opts ...DialOption) SocketOption {
	return socketOption{setting: func(c *Config) error {
		c.start = append(c.start, func(s *socket) error {
			_, err := s.Dial(context.Background(), url, opts...)
			return err
		})
		return nil
	}}
}

// WithName names the socket in logs. Default: its protocol's name. nng:
// NNG_OPT_SOCKNAME.
func WithName(name string) SocketOption {
	return socketOption{setting: func(c *Config) error { c.Name = name; return nil }}
}

// WithLogger sends what happens to connections and what is dropped to l: as
// [slog.LevelInfo] that a peer has come or gone, as LevelWarn what somebody may have
// to mend, as LevelDebug what only repeats it, as LevelError a [Handler] that
// failed. Default: nothing is logged, except the first failure of a Dial that
// goes on in the background and a Handler that failed, which [slog.Default] gets.
func WithLogger(l *slog.Logger) SocketOption {
	return socketOption{setting: func(c *Config) error { c.Logger = l; return nil }}
}

// WithRecvTimeout bounds every receive, beside its context: after d it returns
// ErrTimeout. 0, the default: no bound. nng: NNG_OPT_RECVTIMEO; pynng:
// recv_timeout.
func WithRecvTimeout(d time.Duration) SocketOption {
	return socketOption{setting: withDuration("WithRecvTimeout", d, func(c *Config) { c.RecvTimeout = d })}
}

// WithSendTimeout bounds every send, beside its context: after d it returns
// ErrTimeout. 0, the default: no bound. nng: NNG_OPT_SENDTIMEO; pynng:
// send_timeout.
func WithSendTimeout(d time.Duration) SocketOption {
	return socketOption{setting: withDuration("WithSendTimeout", d, func(c *Config) { c.SendTimeout = d })}
}

// WithRecvBuffer is how many messages are held until the program receives them.
//
// Most sockets hold about so many of each peer, and do not read on from one of
// which they have them: that holds the peer back. What one read of a connection
// brought, up to 64 KiB of small messages, is always kept whole. A Sub0, each of
// its contexts and each survey hold exactly so many, and drop messages when they
// have them, see [WithPreferNew].
//
// 0, the default: as many as fit into 128 KiB of each peer, or into 4 MiB where
// messages are dropped; always at least one. nng: NNG_OPT_RECVBUF; pynng:
// recv_buffer_size.
func WithRecvBuffer(messages int) SocketOption {
	return socketOption{setting: withCount("WithRecvBuffer", messages, func(c *Config) { c.RecvBuffer = messages })}
}

// WithSendBuffer is how many messages wait for each peer that does not take
// them yet, beside those being written, before a send waits, or on Pub0,
// Surveyor0 and Bus0 before messages to the peer are dropped. Changed later, it
// holds for new connections. 0, the default: as many as fit into 128 KiB, or into
// 4 MiB where messages are dropped; always at least one. nng: NNG_OPT_SENDBUF;
// pynng: send_buffer_size.
func WithSendBuffer(messages int) SocketOption {
	return socketOption{setting: withCount("WithSendBuffer", messages, func(c *Config) { c.SendBuffer = messages })}
}

// WithRecvMaxSize is the largest message accepted from a peer, in bytes, its
// SP header (at most a few words) included; a peer that announces a larger one
// is disconnected, which is counted and logged. Changed later, it holds for new
// dialers and listeners. Default 1 MiB; 0: no limit. nng: NNG_OPT_RECVMAXSZ;
// pynng: recv_max_size.
func WithRecvMaxSize(bytes int) interface {
	SocketOption
	DialOption
	ListenOption
} {
	return generalOption{setting: withCount("WithRecvMaxSize", bytes, func(c *Config) { c.RecvMaxSize = bytes })}
}

// WithReconnectTime is the pause of a dialer after a failed or lost
// connection: at first min, then doubling up to max, and each time shortened at
// random by up to a half, so that a thousand peers do not come back at once. A
// connection that lasted longer than the last pause starts it again at min. With
// max 0 it stays at min. Default 100 ms and 0. nng: NNG_OPT_RECONNMINT and
// NNG_OPT_RECONNMAXT; pynng: reconnect_time_min and reconnect_time_max.
func WithReconnectTime(min, max time.Duration) interface {
	SocketOption
	DialOption
} {
	return socketDialOption{setting: func(c *Config) error {
		if min <= 0 || max != 0 && max < min {
			return errorf(ErrInvalid, "WithReconnectTime(%v, %v): want 0 < min, and max either 0 or not below min", min, max)
		}
		c.ReconnectMin, c.ReconnectMax = min, max
		return nil
	}}
}

// WithLinger is how long Close may take to hand what Send accepted to the
// operating system. Default 1 s; 0 drops it. nng has no such option, libzmq
// calls it ZMQ_LINGER.
func WithLinger(d time.Duration) SocketOption {
	return socketOption{setting: withDuration("WithLinger", d, func(c *Config) { c.Linger = d })}
}

// WithTTL is how many hops a message may have made to be accepted, 1 to 255: 1
// from its sender, and 1 more for each device between. One that has made more is
// dropped and counted. Default 8. Pair1, Req0, Rep0, Surveyor0 and Respondent0
// take it; elsewhere messages do not count their hops, and it is ErrNotSupported.
// nng: NNG_OPT_MAXTTL.
func WithTTL(hops int) SocketOption {
	return socketOption{setting: func(c *Config) error {
		if hops < 1 || hops > 255 {
			return errorf(ErrInvalid, "WithTTL(%d): want 1 to 255", hops)
		}
		c.TTL = hops
		return nil
	}}
}

// WithDialMode says what Dial, and [WithDial] with it, does when the peer is not
// there yet. Default [DialRetry]. pynng: block_on_dial, and the argument block of
// dial.
func WithDialMode(mode DialMode) interface {
	SocketOption
	DialOption
} {
	return socketDialOption{setting: func(c *Config) error {
		if mode < DialRetry || mode > DialBackground {
			return errorf(ErrInvalid, "WithDialMode(%d): no such mode", mode)
		}
		c.DialMode = mode
		return nil
	}}
}

// WithResendTime is after how long an unanswered request is sent again,
// perhaps to another peer. Default one minute; 0: never, and then a request
// whose peer goes away fails with [ErrConnectionReset]. nng:
// NNG_OPT_REQ_RESENDTIME.
func WithResendTime(d time.Duration) ReqOption {
	return reqOption{setting: withDuration("WithResendTime", d, func(c *Config) { c.ResendTime = d })}
}

// WithSurveyTime is how long a survey lasts. Default 1 s; 0: it is over at once. nng:
// NNG_OPT_SURVEYOR_SURVEYTIME; pynng: survey_time.
func WithSurveyTime(d time.Duration) SurveyorOption {
	return surveyorOption{setting: withDuration("WithSurveyTime", d, func(c *Config) { c.SurveyTime = d })}
}

// WithTopics subscribes to topics, as [Sub0.Subscribe] does. pynng: the keyword
// argument topics.
func WithTopics(topics ...string) SubOption {
	return subOption{setting: func(c *Config) error {
		c.topics = append(slices.Clip(c.topics), topics...)
		return nil
	}}
}

// WithPreferNew says what a subscriber's full queue drops: the oldest message,
// the default, or with false the newest. nng: NNG_OPT_SUB_PREFNEW.
func WithPreferNew(on bool) SubOption {
	return subOption{setting: func(c *Config) error { c.PreferNew = on; return nil }}
}

// WithPolyamorous lets a Pair1 have many peers: a message goes to its
// [Message.Pipe], or to any peer if it has none. nng: NNG_OPT_PAIR1_POLY;
// pynng: polyamorous.
func WithPolyamorous() Pair1Option {
	return pair1Option{setting: func(c *Config) error { c.Polyamorous = true; return nil }}
}

// WithPipeHook is [Socket.OnPipe] from before the first connection on.
func WithPipeHook(event PipeEvent, hook func(*Pipe)) SocketOption {
	return socketOption{setting: func(c *Config) error {
		if hook == nil {
			return errorf(ErrInvalid, "WithPipeHook: the hook is nil")
		}
		if event < PipeConnecting || event > PipeClosed {
			return errorf(ErrInvalid, "WithPipeHook(%d): no such event", event)
		}
		c.hooks = append(c.hooks, func(s *socket) { s.OnPipe(event, hook) })
		return nil
	}}
}
