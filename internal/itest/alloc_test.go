package itest

import (
	"context"
	"io"
	"runtime"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// These count the allocations of the whole process: of both ends and of the
// goroutines between.

const allocSize, allocRuns = 64, 20_000

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates, and makes pools forget")
	}
	for _, name := range []string{"tcp", "inproc"} {
		transport(name).Run(t, func(t *testing.T, tr gonngtest.Transport) {
			t.Run("Send", func(t *testing.T) { allocateSend(t, tr) })
			t.Run("receive", func(t *testing.T) { allocateReceive(t, tr) })
			t.Run("Request", func(t *testing.T) { allocateRequest(t, tr) })
		})
	}
}

// allocations fails the test if do takes more than most of them, on average
// and rounded down: what grows once, or every thousand messages, is none.
func allocations(t *testing.T, what string, most float64, do func()) {
	t.Helper()
	if got := testing.AllocsPerRun(allocRuns, do); got > most {
		t.Errorf("%s: %v allocations, want at most %v", what, got, most)
	}
}

// allocateSend sends to a pull that receives all the time.
func allocateSend(t *testing.T, tr gonngtest.Transport) {
	push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	link(t, pull, push, tr)
	ended := concurrently(func() error {
		buf := make([]byte, allocSize)
		for {
			if _, err := pull.RecvInto(context.Background(), buf); err != nil {
				return err
			}
		}
	})
	ctx, b := context.Background(), body(0, allocSize)
	allocations(t, "Send and RecvInto at the other end", 0, func() { check(t, push.Send(ctx, b)) })
	allocations(t, "SendMsg, beside the message", 1, func() { check(t, push.SendMsg(ctx, gonng.NewMessage(b))) })
	check(t, pull.Close())
	want(t, <-ended, gonng.ErrClosed)
}

// allocateReceive receives each message that it sends.
func allocateReceive(t *testing.T, tr gonngtest.Transport) {
	push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	link(t, pull, push, tr)
	ctx, b, buf := context.Background(), body(0, allocSize), make([]byte, allocSize)
	allocations(t, "Send, RecvInto", 0, func() {
		check(t, push.Send(ctx, b))
		_, err := pull.RecvInto(ctx, buf)
		check(t, err)
	})
	allocations(t, "SendMsg, RecvMsg, Free, beside the message sent", 1, func() {
		check(t, push.SendMsg(ctx, gonng.NewMessage(b)))
		m, err := pull.RecvMsg(ctx)
		check(t, err)
		m.Free()
	})
	allocations(t, "Send, Recv", 1, func() {
		check(t, push.Send(ctx, b))
		_, err := pull.Recv(ctx)
		check(t, err)
	})
}

// TestSmallMessagesAllocateNothing: reads that bring as many messages as a read may bring need
// no new memory.
func TestSmallMessagesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates, and makes pools forget")
	}
	for _, name := range []string{"tcp", "ws"} {
		transport(name).Run(t, func(t *testing.T, tr gonngtest.Transport) {
			t.Run("1 B", func(t *testing.T) { floodAllocates(t, tr, 1, 200_000) })
			t.Run("1 KiB", func(t *testing.T) { floodAllocates(t, tr, 1<<10, 30_000) }) // 60 at a time
		})
	}
}

func floodAllocates(t *testing.T, tr gonngtest.Transport, size, messages int) {
	push, pull := open(t, gonng.NewPush0, gonng.WithLinger(0)), open(t, gonng.NewPull0)
	link(t, pull, push, tr)
	ctx, buf := context.Background(), make([]byte, size)
	ended := concurrently(func() error {
		for body := make([]byte, size); ; {
			if err := push.Send(ctx, body); err != nil {
				return err
			}
		}
	})
	receive := func() {
		for range messages {
			_, err := pull.RecvInto(ctx, buf)
			check(t, err)
		}
	}
	receive()
	bytes, objects := ^uint64(0), ^uint64(0) // the least of three: the garbage collector empties pools
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		receive()
		runtime.ReadMemStats(&after)
		bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
		objects = min(objects, after.Mallocs-before.Mallocs)
	}
	if bytes > 16*uint64(messages) || objects > uint64(messages)/50 {
		t.Errorf("%d messages take %d bytes of new memory in %d pieces", messages, bytes, objects)
	}
	_ = push.Close() // what nobody receives is not sent in time
	want(t, <-ended, gonng.ErrClosed)
}

// TestLargeSendAllocatesNothing: a large body is not copied while its peer reads.
func TestLargeSendAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes the peer slow")
	}
	for _, name := range []string{"tcp", "ipc"} {
		transport(name).Run(t, func(t *testing.T, tr gonngtest.Transport) {
			push := open(t, gonng.NewPush0)
			peer := scripted(t, push, tr)
			read := concurrently(func() error {
				_, err := io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{peer.Conn()})
				return err
			})
			body := make([]byte, 129<<20) // above what is pooled
			least := ^uint64(0)
			for range 20 { // where the peer has no turn for a while, the rest is copied
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				check(t, push.Send(testContext(t), body))
				runtime.ReadMemStats(&after)
				if least = min(least, after.TotalAlloc-before.TotalAlloc); least < 1<<20 {
					break
				}
			}
			if least >= 1<<20 {
				t.Errorf("a Send of %d bytes takes %d bytes of new memory", len(body), least)
			}
			check(t, push.Close())
			check(t, <-read)
		})
	}
}

// allocateRequest requests of a server that allocates nothing.
func allocateRequest(t *testing.T, tr gonngtest.Transport) {
	req, rep := requesting(t, tr)
	ended := concurrently(func() error {
		buf := make([]byte, allocSize)
		for {
			n, err := rep.RecvInto(context.Background(), buf)
			if err == nil {
				err = rep.Send(context.Background(), buf[:n])
			}
			if err != nil {
				return err
			}
		}
	})
	b, buf := body(0, allocSize), make([]byte, allocSize)
	for name, ctx := range map[string]context.Context{"": context.Background(), ", with a context that can end": testContext(t)} {
		allocations(t, "Request"+name, 2, func() {
			_, err := req.Request(ctx, b)
			check(t, err)
		})
		allocations(t, "Send, RecvInto of a request"+name, 0, func() {
			check(t, req.Send(ctx, b))
			_, err := req.RecvInto(ctx, buf)
			check(t, err)
		})
	}
	check(t, rep.Close())
	want(t, <-ended, gonng.ErrClosed)
}
