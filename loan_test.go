package gonng_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// lent makes two pairs that have sent back and forth, so that whoever receives
// reads the connection itself, as it will do next.
func lent(t *testing.T, tr gonngtest.Transport) (a, b *gonng.Pair1) {
	t.Helper()
	a, b = open(t, gonng.NewPair1, gonng.WithPolyamorous()), open(t, gonng.NewPair1)
	gonngtest.Connect(t, a, b, tr)
	go func() {
		for body := range b.All(context.Background()) {
			b.Send(context.Background(), body)
		}
	}()
	for range 100 {
		check(t, a.Send(testContext(t), []byte("hello")))
		_, err := a.Recv(context.Background())
		check(t, err)
	}
	return a, b
}

// awaiting runs Recv, which has to wait, on a goroutine.
func awaiting(s gonng.Receiver) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := s.Recv(context.Background())
		done <- err
	}()
	return done
}

func outcome(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("Recv waits for ever")
		return nil
	}
}

// TestReadingReceiver: a goroutine that waits in Recv by reading its peer's
// connection is woken by whatever wakes others.
func TestReadingReceiver(t *testing.T) {
	gonngtest.NoLeaks(t)
	scenarios := map[string]func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport){
		"close": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := awaiting(a)
			check(t, a.Close())
			if err := outcome(t, done); !errors.Is(err, gonng.ErrClosed) {
				t.Errorf("Recv returned %v, want ErrClosed", err)
			}
		},
		"another peer": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := awaiting(a)
			other := open(t, gonng.NewPair1)
			gonngtest.Connect(t, a, other, tr)
			check(t, other.Send(testContext(t), nil))
			check(t, outcome(t, done))
		},
		"another receiver": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			first, second := awaiting(a), awaiting(a)
			check(t, errors.Join(a.Send(testContext(t), nil), a.Send(testContext(t), nil)))
			check(t, errors.Join(outcome(t, first), outcome(t, second)))
		},
		"peer gone": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			closed := make(chan struct{})
			a.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { close(closed) })
			done := awaiting(a)
			check(t, b.Close())
			wait(t, "end of the pipe", closed)
			check(t, a.Close())
			outcome(t, done)
		},
		"peer gone while nobody receives": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			closed := make(chan struct{})
			a.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { close(closed) })
			check(t, b.Close())
			wait(t, "end of the pipe", closed)
		},
		"descriptor": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := awaiting(a)
			_, err := a.RecvFD()
			check(t, errors.Join(err, a.Send(testContext(t), nil), outcome(t, done)))
		},
		"without waiting": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			check(t, a.Send(testContext(t), nil))
			for _, err := a.TryRecv(); err != nil; _, err = a.TryRecv() {
				if !errors.Is(err, gonng.ErrTryAgain) || testContext(t).Err() != nil {
					t.Fatal(err)
				}
			}
		},
		"a context": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if _, err := a.Recv(ctx); !errors.Is(err, gonng.ErrTimeout) {
				t.Errorf("Recv returned %v, want ErrTimeout", err)
			}
			check(t, errors.Join(a.Send(testContext(t), nil), outcome(t, awaiting(a))))
		},
		"contexts canceled": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			for range 2 {
				ctx, cancel := context.WithCancel(context.Background())
				receive := func() <-chan error {
					done := make(chan error, 1)
					go func() {
						_, err := a.Recv(ctx)
						done <- err
					}()
					return done
				}
				for range 3 { // with the same, for which nothing has to be set
					done := receive()
					gonngtest.Eventually(t, func() bool { return a.Waiting() == 1 }, "the receiver waits")
					check(t, errors.Join(a.Send(ctx, nil), outcome(t, done)))
				}
				done := receive()
				gonngtest.Eventually(t, a.Reading, "the receiver reads")
				cancel()
				if err := outcome(t, done); !errors.Is(err, gonng.ErrCanceled) {
					t.Errorf("Recv returned %v, want ErrCanceled", err)
				}
			}
		},
		"large messages": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			for i := range 3 {
				done := awaiting(a)
				gonngtest.Eventually(t, func() bool { return a.Waiting() == 1 }, "the receiver waits")
				check(t, errors.Join(a.Send(testContext(t), body(i, 100<<10)), outcome(t, done)))
			}
		},
		"receive timeout": func(t *testing.T, a, b *gonng.Pair1, tr gonngtest.Transport) {
			check(t, a.Set(gonng.WithRecvTimeout(time.Millisecond)))
			if err := outcome(t, awaiting(a)); !errors.Is(err, gonng.ErrTimeout) {
				t.Errorf("Recv returned %v, want ErrTimeout", err)
			}
			check(t, errors.Join(a.Set(gonng.WithRecvTimeout(patience)), a.Send(testContext(t), nil), outcome(t, awaiting(a))))
		},
	}
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			for _, name := range []string{"tcp", "ipc", "tls+tcp", "ws"} {
				for range 20 {
					tr := transport(name)
					a, b := lent(t, tr)
					scenario(t, a, b, tr)
					a.Close()
					b.Close()
				}
			}
		})
	}
}
