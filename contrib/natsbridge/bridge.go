package natsbridge

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
)

// Bridge is what one bridge does. The zero value of a field is its default. Run does not
// change the Bridge, so one value may run several times.
type Bridge struct {
	// Protocol is that of the socket: ProtocolRep0, ProtocolReq0, ProtocolPull0,
	// ProtocolPush0, ProtocolSub0 or ProtocolPub0. It has no default.
	Protocol gonng.Protocol
	// Dial and Listen are the URLs of the socket. There must be one at least.
	Dial, Listen []string
	// TLS is for URLs that use TLS.
	TLS *tls.Config
	// SocketOptions are for the socket, beside its name and logger.
	SocketOptions []gonng.SocketOption

	// Servers are the URLs of the NATS servers, separated by commas. Default:
	// nats://127.0.0.1:4222.
	Servers string
	// NATSOptions are for the connection to NATS, such as [nats.UserCredentials] and
	// [nats.Secure].
	NATSOptions []nats.Option
	// Stream is the JetStream stream. It must exist. "": core NATS.
	Stream string
	// Subject is, by the mapping: where messages are stored in the stream (default: the
	// subject of the stream, if it has only one), which of its messages a new consumer takes
	// (default: all), the subject of requests, or the subject above those of topics.
	Subject string
	// Durable is the consumer of the stream. One that does not exist is made. "": one that
	// begins at the first message of the stream, and is gone with the bridge (an hour after it,
	// if it was killed): Push0 only.
	Durable string
	// Topics are what Sub0 subscribes to. Default: everything, in Subject itself.
	Topics []string
	// Headers makes the bridge take the header of a message in NATS from the body of the one
	// in SP, and put it there: as a block that begins with "NATS/1.0\r\n" and ends with an
	// empty line. Stream only. Who may send to the socket can then set any header of NATS.
	Headers bool

	// InFlight is how many messages the bridge works on at the same time. Default 256.
	InFlight int
	// Timeout is how long a reply may take, of a worker or from NATS. Default 30 s.
	Timeout time.Duration
	// AckWait is after how long JetStream delivers a message again when the bridge that had
	// it has died. It is used for a consumer that does not exist yet. Default 30 s.
	AckWait time.Duration
	// Pause is how long a message for which a worker failed waits for its next delivery.
	// Default 1 s.
	Pause time.Duration
	// MaxDeliver is after how many deliveries a message for which the last worker failed,
	// too, goes to Dead. Default 0: never.
	MaxDeliver int
	// Dead is the subject for these messages. A stream must store it. The headers
	// Gonng-Dead-Reason, -Stream, -Subject, -Sequence and -Deliveries say where they come
	// from.
	Dead string
	// Grace is how long the bridge may finish what it has begun when ctx has ended. Default
	// 5 s.
	Grace time.Duration

	// Logger is where the bridge and its socket log. nil: slog.Default.
	Logger *slog.Logger
	// Ready is called once, when both sides work, with the URLs at which the bridge listens,
	// with their real ports. A dialer may still be without a peer.
	Ready func(urls []string)
}

// mapping is a row of the table of what a bridge can be.
type mapping struct {
	protocol gonng.Protocol
	stream   bool
	run      func(*running) error
}

func mappings() []mapping {
	return []mapping{
		{gonng.ProtocolRep0, true, (*running).storeRequests},
		{gonng.ProtocolReq0, true, (*running).handOut},
		{gonng.ProtocolPull0, true, (*running).storeMessages},
		{gonng.ProtocolPush0, true, (*running).handOut},
		{gonng.ProtocolSub0, false, (*running).publish},
		{gonng.ProtocolPub0, false, (*running).republish},
		{gonng.ProtocolRep0, false, (*running).ask},
		{gonng.ProtocolReq0, false, (*running).answer},
	}
}

// running is one run of a bridge. Its Bridge has the defaults filled in.
type running struct {
	Bridge
	log    *slog.Logger
	socket gonng.Socket
	conn   *nats.Conn
	js     jetstream.JetStream
	stop   context.Context // ends when nothing new is to be taken
	work   context.Context // ends when what was taken must be finished
	lost   losses
}

// Check says what is wrong with the fields of b by themselves. Run begins with it.
func (b Bridge) Check() error {
	_, err := b.check()
	return err
}

// Run runs the bridge until ctx ends. Then it takes nothing new, finishes and acknowledges
// what it has begun for as long as Grace allows, and returns nil, or an error that says what
// was left.
//
// A server or a peer that is away is no error: the bridge connects again, and waits. Errors
// are: a Bridge whose fields contradict each other, a URL or an option that cannot be used,
// a stream that does not exist, a subject that it does not store.
func (b Bridge) Run(ctx context.Context) (err error) {
	m, err := b.check()
	if err != nil {
		return fmt.Errorf("gonng: bridge: %w", err)
	}
	b.defaults()
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(b.Grace):
			end()
		case <-ended:
		}
	})()
	r := &running{Bridge: b, log: b.Logger, stop: ctx, work: work}
	r.lost.log = r.log
	defer r.lost.tell()
	if err = r.run(m); ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // nothing failed, the end of ctx ended it
	}
	if err = errors.Join(err, r.close()); err != nil {
		return fmt.Errorf("gonng: bridge: %s", strings.TrimPrefix(err.Error(), "gonng: "))
	}
	return nil
}

func (r *running) run(m mapping) (err error) {
	if err := r.connect(); err != nil {
		return err
	}
	if r.Stream != "" {
		if err := r.findStream(); err != nil {
			return err
		}
	}
	if r.socket, err = open(r.Protocol); err != nil {
		return err
	}
	opts := append([]gonng.SocketOption{gonng.WithName("bridge"), gonng.WithLogger(r.log)}, r.SocketOptions...)
	if err := gonng.Set(r.socket, opts...); err != nil {
		return err
	}
	return m.run(r)
}

// close lets what was sent last leave, on both sides, for as long as there is time.
func (r *running) close() (err error) {
	if r.socket != nil {
		ctx, cancel := context.WithTimeout(r.work, r.Grace)
		defer cancel()
		err = r.socket.Shutdown(ctx)
	}
	if r.conn == nil {
		return err
	}
	defer r.conn.Close()
	if n, _ := r.conn.Buffered(); n <= 0 && !r.conn.IsConnected() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.work), time.Second)
	defer cancel()
	if flushed := r.conn.FlushWithContext(ctx); flushed != nil {
		err = errors.Join(err, fmt.Errorf("what was done last may not have reached NATS: %w", flushed))
	}
	return err
}

// start connects the socket, when all is there that its messages need.
func (r *running) start() error {
	var urls []string
	for _, url := range r.Listen {
		var opts []gonng.ListenOption
		if r.TLS != nil {
			opts = append(opts, gonng.WithTLS(r.TLS))
		}
		l, err := r.socket.Listen(r.stop, url, opts...)
		if err != nil {
			return err
		}
		urls = append(urls, l.URL())
	}
	for _, url := range r.Dial {
		opts := []gonng.DialOption{gonng.WithDialMode(gonng.DialBackground)}
		if r.TLS != nil {
			opts = append(opts, gonng.WithTLS(r.TLS))
		}
		if _, err := r.socket.Dial(r.stop, url, opts...); err != nil {
			return err
		}
	}
	r.log.Info("gonng: the bridge is ready", "protocol", r.Protocol.String(), "listening", urls)
	if r.Ready != nil {
		r.Ready(urls)
	}
	return nil
}

func open(p gonng.Protocol) (gonng.Socket, error) {
	switch p {
	case gonng.ProtocolRep0:
		return gonng.NewRep0()
	case gonng.ProtocolReq0:
		return gonng.NewReq0()
	case gonng.ProtocolPull0:
		return gonng.NewPull0()
	case gonng.ProtocolPush0:
		return gonng.NewPush0()
	case gonng.ProtocolSub0:
		return gonng.NewSub0()
	default:
		return gonng.NewPub0()
	}
}

// check finds the mapping, and refuses what does not go together.
func (b *Bridge) check() (mapping, error) {
	p := b.Protocol
	rows := mappings()
	i := slices.IndexFunc(rows, func(m mapping) bool { return m.protocol == p && m.stream == (b.Stream != "") })
	takes := b.Stream != "" && (p == gonng.ProtocolReq0 || p == gonng.ProtocolPush0)
	switch {
	case i < 0 && slices.ContainsFunc(rows, func(m mapping) bool { return m.protocol == p && m.stream }):
		return mapping{}, fmt.Errorf("%v needs a stream", p)
	case i < 0 && slices.ContainsFunc(rows, func(m mapping) bool { return m.protocol == p }):
		return mapping{}, fmt.Errorf("%v goes with a subject of core NATS, not with a stream", p)
	case i < 0:
		return mapping{}, fmt.Errorf("there is no bridge for %v", p)
	case len(b.Dial)+len(b.Listen) == 0:
		return mapping{}, errors.New("the socket has no URL")
	case b.Stream == "" && b.Subject == "":
		return mapping{}, errors.New("there is neither a stream nor a subject")
	case b.Stream != "" && p == gonng.ProtocolReq0 && b.Durable == "":
		return mapping{}, errors.New("requests from a stream need a durable consumer, which knows what was answered")
	case b.Durable != "" && !takes:
		return mapping{}, errors.New("a durable consumer is for Req0 and Push0, which take messages from a stream")
	case len(b.Topics) > 0 && p != gonng.ProtocolSub0:
		return mapping{}, fmt.Errorf("%v has no topics, only Sub0 has", p)
	case b.Headers && b.Stream == "":
		return mapping{}, errors.New("headers go with a stream")
	case b.InFlight < 0 || b.Timeout < 0 || b.AckWait < 0 || b.Pause < 0 || b.MaxDeliver < 0 || b.Grace < 0:
		return mapping{}, errors.New("a number is negative")
	case (b.MaxDeliver > 0) != (b.Dead != ""):
		return mapping{}, errors.New("a number of deliveries and a subject for the dead go together")
	case b.MaxDeliver > 0 && !(takes && p == gonng.ProtocolReq0):
		return mapping{}, errors.New("only requests from a stream can fail and go to the dead")
	}
	if err := checkSubject(b.Subject, takes || b.Stream == "" && p == gonng.ProtocolPub0); err != nil {
		return mapping{}, err
	}
	return rows[i], checkSubject(b.Dead, false)
}

func (b *Bridge) defaults() {
	b.InFlight = cmp.Or(b.InFlight, 256)
	b.Timeout = cmp.Or(b.Timeout, 30*time.Second)
	b.AckWait = cmp.Or(b.AckWait, 30*time.Second)
	b.Pause = cmp.Or(b.Pause, time.Second)
	b.Grace = cmp.Or(b.Grace, 5*time.Second)
	if b.Logger == nil {
		b.Logger = slog.Default()
	}
	if b.Servers == "" {
		b.Servers = nats.DefaultURL
	}
}
