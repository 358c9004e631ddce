package natsbridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
)

// tryTimeout bounds one attempt of what is tried again.
const tryTimeout = 5 * time.Second

// retryPause is the pause between two attempts.
const retryPause = 200 * time.Millisecond

// connect connects to NATS, and waits for the first connection until the bridge is stopped.
func (r *running) connect() (err error) {
	connected := make(chan struct{}, 1)
	opts := []nats.Option{
		nats.Name("gonng-bridge"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(retryPause),
		nats.RetryOnFailedConnect(true),
		nats.ConnectHandler(func(*nats.Conn) { connected <- struct{}{} }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				r.log.Warn("gonng: disconnected from NATS, trying again", "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) { r.log.Info("gonng: connected to NATS again", "url", c.ConnectedUrlRedacted()) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { r.log.Info("gonng: cannot connect to NATS, trying again", "error", err) }),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			args := []any{"error", err}
			if s != nil {
				n, _ := s.Dropped()
				args = append(args, "subject", s.Subject, "dropped", n)
			}
			r.log.Warn("gonng: NATS", args...)
		}),
	}
	if r.conn, err = nats.Connect(r.Servers, append(opts, r.NATSOptions...)...); err != nil {
		return fmt.Errorf("cannot connect to NATS: %w", err)
	}
	if !r.conn.IsConnected() {
		r.log.Warn("gonng: NATS is not there, waiting for it", "error", r.conn.LastError())
	}
	select {
	case <-connected:
	case <-r.stop.Done():
		return r.stop.Err()
	}
	r.log.Info("gonng: connected to NATS", "url", r.conn.ConnectedUrlRedacted())
	r.js, err = jetstream.New(r.conn,
		jetstream.WithPublishAsyncMaxPending(2*r.InFlight), jetstream.WithPublishAsyncTimeout(tryTimeout))
	return err
}

// findStream checks what the streams must have, and finds the subject to store at.
func (r *running) findStream() error {
	var s jetstream.Stream
	err := r.retry(r.stop, func(ctx context.Context) (err error) {
		s, err = r.js.Stream(ctx, r.Stream)
		return err
	})
	if err != nil {
		return fmt.Errorf("stream %s: %w", r.Stream, err)
	}
	if stores := r.Protocol == gonng.ProtocolRep0 || r.Protocol == gonng.ProtocolPull0; stores {
		if all := s.CachedInfo().Config.Subjects; r.Subject == "" && len(all) == 1 {
			r.Subject = all[0]
		}
		if r.Subject == "" || checkSubject(r.Subject, false) != nil {
			return fmt.Errorf("stream %s has not one subject only: say which", r.Stream)
		}
		if err := r.stored(r.Subject, r.Stream); err != nil {
			return err
		}
	}
	if r.Dead != "" {
		return r.stored(r.Dead, "")
	}
	return nil
}

// stored checks that the stream, or "" any, stores the subject.
func (r *running) stored(subject, stream string) error {
	return r.retry(r.stop, func(ctx context.Context) error {
		name, err := r.js.StreamNameBySubject(ctx, subject)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return fmt.Errorf("no stream stores the subject %s: %w", subject, err)
		case err == nil && stream != "" && name != stream:
			return fmt.Errorf("subject %s is stored in the stream %s, not %s: %w", subject, name, stream, jetstream.ErrStreamNotFound)
		}
		return err
	})
}

// retry tries until it succeeds, it fails for good, or ctx ends.
func (r *running) retry(ctx context.Context, try func(context.Context) error) error {
	for {
		bounded, cancel := context.WithTimeout(ctx, tryTimeout)
		err := try(bounded)
		cancel()
		if err == nil || ctx.Err() != nil || isFinal(err) {
			return err
		}
		r.log.Info("gonng: JetStream does not answer, trying again", "error", err)
		if err := pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// isFinal reports whether an error of NATS stays when it is tried again.
func isFinal(err error) bool {
	for _, final := range []error{nats.ErrMaxPayload, nats.ErrBadSubject, nats.ErrConnectionClosed, jetstream.ErrInvalidStreamName,
		jetstream.ErrInvalidConsumerName, jetstream.ErrInvalidSubject, jetstream.ErrNotPullConsumer} {
		if errors.Is(err, final) {
			return true
		}
	}
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code >= 400 && api.Code < 500
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// checkSubject refuses what is no subject; "" is one that is not given.
func checkSubject(s string, wildcards bool) error {
	if s == "" {
		return nil
	}
	tokens := strings.Split(s, ".")
	for i, t := range tokens {
		switch {
		case t == "" || strings.ContainsAny(t, " \t\r\n"):
			return fmt.Errorf("%q is no subject of NATS", s)
		case t == ">" && i < len(tokens)-1:
			return fmt.Errorf("%q is no subject of NATS: > must be last", s)
		case !wildcards && (t == "*" || t == ">"):
			return fmt.Errorf("subject %s has a wildcard, which does not fit here", s)
		}
	}
	return nil
}

// losses counts messages that a bridge that promises nothing has lost, and logs them: the
// first at once, then at most once a second, and the last when the bridge ends.
type losses struct {
	log *slog.Logger

	mu    sync.Mutex
	n     int // since the last line
	since time.Time
	why   error
}

func (l *losses) add(why error) {
	l.mu.Lock()
	l.n++
	l.why = why
	due := time.Since(l.since) >= time.Second
	l.mu.Unlock()
	if due {
		l.tell()
	}
}

// tell logs those that were not logged yet.
func (l *losses) tell() {
	l.mu.Lock()
	n, why := l.n, l.why
	l.n, l.since = 0, time.Now()
	l.mu.Unlock()
	if n > 0 {
		l.log.Warn("gonng: messages were lost", "messages", n, "error", why)
	}
}
