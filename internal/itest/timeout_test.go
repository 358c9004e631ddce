package itest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// ending is a way in which a call's time can be over.
type ending struct {
	name  string
	start func(bound time.Duration) (ctx context.Context, over func() time.Time, cancel func())
	kinds []error
}

var endings = []ending{
	{"deadline", func(bound time.Duration) (context.Context, func() time.Time, func()) {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		end, _ := ctx.Deadline()
		return ctx, func() time.Time { return end }, cancel
	}, []error{gonng.ErrTimeout, os.ErrDeadlineExceeded, context.DeadlineExceeded}},

	{"cancel", func(bound time.Duration) (context.Context, func() time.Time, func()) {
		ctx, cancel := context.WithCancel(context.Background())
		end := make(chan time.Time, 1)
		t := time.AfterFunc(bound, func() { end <- time.Now(); cancel() })
		return ctx, func() time.Time { return <-end }, func() { t.Stop(); cancel() }
	}, []error{gonng.ErrCanceled, context.Canceled}},

	{"cause", func(bound time.Duration) (context.Context, func() time.Time, func()) {
		ctx, cancel := context.WithTimeoutCause(context.Background(), bound, errBored)
		end, _ := ctx.Deadline()
		return ctx, func() time.Time { return end }, cancel
	}, []error{gonng.ErrTimeout, os.ErrDeadlineExceeded, context.DeadlineExceeded, errBored}},

	{"option", func(bound time.Duration) (context.Context, func() time.Time, func()) {
		end := time.Now().Add(bound)
		return context.Background(), func() time.Time { return end }, func() {}
	}, []error{gonng.ErrTimeout, os.ErrDeadlineExceeded}},
}

var errBored = errors.New("bored")

// inTime calls f until it fails, and checks that no call of it takes longer
// than it may, and the error. What the machine does beside may delay one call:
// it is late when three in a row are.
func inTime(t *testing.T, op string, set func(bound time.Duration) error, f func(context.Context) error) {
	t.Helper()
	inTimeUntil(t, op, set, f, endings)
}

func inTimeUntil(t *testing.T, op string, set func(bound time.Duration) error, f func(context.Context) error, endings []ending) {
	t.Helper()
	const bound = 10 * time.Millisecond
	for _, e := range endings {
		option := time.Duration(0)
		if e.name == "option" {
			option = bound
		}
		check(t, set(option))
		var late []time.Duration
		for {
			ctx, over, cancel := e.start(bound)
			err := f(ctx)
			returned := time.Now()
			if err == nil {
				cancel()
				continue // there was still room
			}
			by := returned.Sub(over())
			cancel()
			wantError(t, err, op, e.kinds...)
			if te, ok := err.(interface{ Timeout() bool }); !ok || te.Timeout() != errors.Is(err, gonng.ErrTimeout) {
				t.Errorf("%s: Timeout of %v is wrong", e.name, err)
			}
			if by <= within {
				break
			}
			if late = append(late, by); len(late) == lateInARow {
				t.Errorf("%s: returned %v after the end, want at most %v", e.name, late, within)
				break
			}
		}
	}
}

func TestRecvInTime(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range allFlows {
		t.Run(w.name, func(t *testing.T) {
			t.Run("nobody", func(t *testing.T) {
				t.Parallel()
				s, r := w.recv(t)
				recvsInTime(t, s, r, func() {})
			})
			parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
				s, r := w.recv(t)
				other, _ := w.send(t)
				link(t, s, other, tr)
				recvsInTime(t, s, r, func() {})
			})
		})
	}
}

// recvsInTime asks before each receive: one that ends in vain gives a question up.
func recvsInTime(t *testing.T, s gonng.Socket, r gonng.Receiver, ask func()) {
	set := func(d time.Duration) error { return gonng.Set(s, gonng.WithRecvTimeout(d)) }
	buf := make([]byte, 10)
	for name, recv := range map[string]func(context.Context) error{
		"Recv":     func(ctx context.Context) error { _, err := r.Recv(ctx); return err },
		"RecvMsg":  func(ctx context.Context) error { _, err := r.RecvMsg(ctx); return err },
		"RecvInto": func(ctx context.Context) error { _, err := r.RecvInto(ctx, buf); return err },
		"All": func(ctx context.Context) error {
			for _, err := range r.All(ctx) {
				return err
			}
			return fmt.Errorf("All ended quietly")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, "recv", set, func(ctx context.Context) error {
				ask()
				return recv(ctx)
			})
		})
	}
	ask()
	_, err := r.TryRecv()
	wantError(t, err, "recv", gonng.ErrTryAgain)
	_, err = r.TryRecvMsg()
	wantError(t, err, "recv", gonng.ErrTryAgain)
}

// TestWaitingForAnswerInTime: a request or survey is out, and nobody answers.
func TestWaitingForAnswerInTime(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := open(t, gonng.NewReq0), open(t, gonng.NewRep0)
		surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(time.Hour))
		respondent := open(t, gonng.NewRespondent0)
		link(t, rep, req, tr)
		link(t, respondent, surveyor, tr)
		for _, s := range []interface {
			gonng.Socket
			gonng.Sender
			gonng.Receiver
		}{req, surveyor} {
			if _, err := s.TryRecv(); !errors.Is(err, gonng.ErrBadState) {
				t.Errorf("TryRecv without a question: %v, want ErrBadState", err)
			}
			recvsInTime(t, s, s, func() { check(t, s.Send(testContext(t), nil)) })
		}
		set := func(d time.Duration) error { return req.Set(gonng.WithRecvTimeout(d)) }
		inTime(t, "recv", set, func(ctx context.Context) error {
			_, err := req.Request(ctx, nil)
			return err
		})
	})
}

// TestSurveyTimeIsTimeout: the end of a survey is like that of any other time.
func TestSurveyTimeIsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(10*time.Millisecond))
		start := time.Now()
		check(t, s.Send(testContext(t), nil))
		_, err := s.Recv(testContext(t))
		wantError(t, err, "recv", gonng.ErrTimeout, os.ErrDeadlineExceeded)
		if took := time.Since(start); took != 10*time.Millisecond {
			t.Errorf("the survey took %v, want 10ms", took)
		}
	})
}

func TestSendInTimeWithoutPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range flows {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s, x := w.send(t)
			sendsInTime(t, s, x, 10)
		})
	}
}

func sendsInTime(t *testing.T, s gonng.Socket, x gonng.Sender, size int) {
	t.Helper()
	set := func(d time.Duration) error { return gonng.Set(s, gonng.WithSendTimeout(d)) }
	body := make([]byte, size)
	m := gonng.NewMessage(body)
	inTime(t, "send", set, func(ctx context.Context) error { return x.Send(ctx, body) })
	inTime(t, "send", set, func(ctx context.Context) error {
		err := x.SendMsg(ctx, m)
		if err == nil {
			m = gonng.NewMessage(body)
		} else if len(m.Bytes()) != size {
			t.Errorf("a message that was not sent has %d bytes, want %d", len(m.Bytes()), size)
		}
		return err
	})
	// Whatever went into the kernel meanwhile: in the end it must not wait.
	var err error
	for err == nil {
		start := time.Now()
		if err = x.TrySend(body); time.Since(start) > time.Second {
			t.Errorf("TrySend took %v", time.Since(start))
		}
	}
	wantError(t, err, "send", gonng.ErrTryAgain)
	for err = nil; err == nil; {
		if err = x.TrySendMsg(m); err == nil {
			m = gonng.NewMessage(body)
		}
	}
	wantError(t, err, "send", gonng.ErrTryAgain)
}

// TestEndedContext: nothing is done for a context that has ended before.
func TestEndedContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	past, cancelPast := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancelPast()
	a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
	link(t, a, b, transport("inproc"))
	for name, ctx := range map[string]context.Context{"canceled": ctx, "past": past} {
		kind := gonng.ErrCanceled
		if name == "past" {
			kind = gonng.ErrTimeout
		}
		wantError(t, a.Send(ctx, nil), "send", kind)
		_, err := a.Recv(ctx)
		wantError(t, err, "recv", kind)
		wantError(t, a.WaitPeers(ctx, 2), "wait for peers", kind)
		_, err = a.Dial(ctx, "tcp://127.0.0.1:1")
		wantError(t, err, "dial", kind)
		if n := len(a.Dialers()); n != 0 {
			t.Errorf("%s: there are %d dialers after a Dial that gave up", name, n)
		}
	}
	if _, err := b.TryRecv(); !errors.Is(err, gonng.ErrTryAgain) {
		t.Errorf("the peer received %v, want nothing", err)
	}
}

// TestTimeoutTellsWhatIsMissing: a call that waited in vain says whether nobody was
// connected, and why the peer that was dialed is not there, or had no room.
func TestTimeoutTellsWhatIsMissing(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := testContext(t)
	s := open(t, gonng.NewPair0, gonng.WithSendTimeout(time.Millisecond), gonng.WithRecvTimeout(2*time.Millisecond), gonng.WithLogger(newRecorder().logger()))
	wantMissing := func(why string) {
		t.Helper()
		sent := s.Send(ctx, nil)
		_, received := s.Recv(ctx)
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		waited := s.WaitPeers(short, 1)
		for text, err := range map[string]error{"timed out after 1ms: ": sent, "timed out after 2ms: ": received, "0 of 1 peers: context deadline exceeded: ": waited} {
			if want(t, err, gonng.ErrTimeout); err != nil {
				wantText(t, err.Error(), text+why)
			}
		}
	}
	wantMissing("no peer is connected")
	const url = "inproc://TestTimeoutTellsWhatIsMissing"
	if _, err := s.Dial(ctx, url); err != nil {
		t.Fatal(err)
	}
	wantMissing("no peer is connected: dial pair " + url + ": nobody listens")
	other := open(t, gonng.NewPair0, gonng.WithListen(url))
	waitPeers(t, other, 1)
	waitPeers(t, s, 1)
	if _, err := s.Recv(ctx); err == nil || strings.Contains(err.Error(), "no peer") {
		t.Errorf("Recv from a silent peer: %v", err)
	}
	var err error
	for err == nil {
		err = s.Send(ctx, make([]byte, 100<<10))
	}
	wantText(t, err.Error(), "timed out after 1ms: the send queue is full")
}

// inquisitive is an error of the program that asks the socket when it is asked.
type inquisitive struct{ s gonng.Socket }

func (e inquisitive) Error() string {
	e.s.Stats()
	return "inquisitive"
}

func (e inquisitive) Is(error) bool {
	e.s.Stats()
	return false
}

// TestErrorsAskTheSocket: the methods of the program's errors are called while the socket is
// not locked.
func TestErrorsAskTheSocket(t *testing.T) {
	gonngtest.NoLeaks(t)
	pair := open(t, gonng.NewPair0, gonng.WithRecvTimeout(10*time.Millisecond), gonng.WithSendTimeout(10*time.Millisecond))
	failing := gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, inquisitive{pair} })
	_, err := pair.Dial(testContext(t), "tcp://127.0.0.1:1", failing)
	check(t, err)
	gonngtest.Eventually(t, func() bool { return pair.Dialers()[0].LastError() != nil }, "the dialer fails")
	ended, end := context.WithCancelCause(context.Background())
	end(inquisitive{pair})
	for name, call := range map[string]func() error{
		"recv":       func() error { _, err := pair.Recv(context.Background()); return err },
		"send":       func() error { return pair.Send(context.Background(), nil) },
		"recv ended": func() error { _, err := pair.Recv(ended); return err },
		"wait peers": func() error { return pair.WaitPeers(ended, 1) },
	} {
		err := wait(t, name, concurrently(call))
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		wantText(t, err.Error(), "inquisitive")
	}
}
