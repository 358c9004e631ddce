package itest

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

// readers counts the receivers that waited, and those of them that read their
// peer's connection themselves. When the machine was busy for a while, the pipe
// reads it again.
type readers struct{ waited, read int }

// start starts a receiver, and returns when it waits.
func (r *readers) start(t *testing.T, ctx context.Context, s *gonng.Pair1) <-chan error {
	t.Helper()
	done := receiving(ctx, s)
	r.read += waiting(t, 1)
	r.waited++
	return done
}

// receiving receives beside the test.
func receiving(ctx context.Context, s gonng.Receiver) <-chan error {
	return concurrently(func() error { _, err := s.Recv(ctx); return err })
}

func outcome(t *testing.T, done <-chan error) error {
	t.Helper()
	return wait(t, "the end of Recv", done)
}

// TestReadingReceiver: a goroutine that waits in Recv by reading its peer's
// connection is woken by whatever wakes others.
func TestReadingReceiver(t *testing.T) {
	gonngtest.NoLeaks(t)
	scenarios := map[string]func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport){
		"close": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := r.start(t, context.Background(), a)
			check(t, a.Close())
			want(t, outcome(t, done), gonng.ErrClosed)
		},
		"another peer": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := r.start(t, context.Background(), a)
			other := open(t, gonng.NewPair1)
			gonngtest.Connect(t, a, other, tr)
			check(t, other.Send(testContext(t), nil))
			check(t, outcome(t, done))
		},
		"another receiver": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			first, second := r.start(t, context.Background(), a), receiving(context.Background(), a)
			waiting(t, 2)
			check(t, errors.Join(a.Send(testContext(t), nil), a.Send(testContext(t), nil)))
			check(t, errors.Join(outcome(t, first), outcome(t, second)))
		},
		"peer gone": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := r.start(t, context.Background(), a)
			leave(t, b, a)
			check(t, a.Close())
			outcome(t, done)
		},
		"peer gone while nobody receives": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			leave(t, b, a)
		},
		"descriptor": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			done := r.start(t, context.Background(), a)
			_, err := a.RecvFD()
			check(t, errors.Join(err, a.Send(testContext(t), nil), outcome(t, done)))
		},
		"without waiting": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			ctx := testContext(t)
			check(t, a.Send(ctx, nil))
			_, err := trying(ctx, a.TryRecv)
			check(t, err)
		},
		"a context": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			_, err := a.Recv(ctx)
			want(t, err, gonng.ErrTimeout)
			check(t, errors.Join(a.Send(testContext(t), nil), outcome(t, receiving(context.Background(), a))))
		},
		"contexts canceled": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			for range 2 {
				ctx, cancel := context.WithCancel(context.Background())
				for range 3 { // with the same, for which nothing has to be set
					done := r.start(t, ctx, a)
					check(t, errors.Join(a.Send(ctx, nil), outcome(t, done)))
				}
				done := r.start(t, ctx, a)
				cancel()
				want(t, outcome(t, done), gonng.ErrCanceled)
			}
		},
		"large messages": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			for i := range 3 {
				done := r.start(t, context.Background(), a)
				check(t, errors.Join(a.Send(testContext(t), body(i, 100<<10)), outcome(t, done)))
			}
		},
		"receive timeout": func(t *testing.T, r *readers, a, b *gonng.Pair1, tr gonngtest.Transport) {
			check(t, a.Set(gonng.WithRecvTimeout(time.Millisecond)))
			want(t, outcome(t, receiving(context.Background(), a)), gonng.ErrTimeout)
			check(t, errors.Join(a.Set(gonng.WithRecvTimeout(patience)), a.Send(testContext(t), nil), outcome(t, receiving(context.Background(), a))))
		},
	}
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r readers
			for _, name := range []string{"tcp", "ipc", "tls+tcp", "ws"} {
				for range 20 {
					tr := transport(name)
					a, b := lent(t, tr)
					scenario(t, &r, a, b, tr)
					a.Close()
					b.Close()
				}
			}
			if r.waited > 0 && r.read == 0 {
				t.Errorf("%d receivers waited, and none by reading its peer's connection", r.waited)
			}
		})
	}
}
