package gonng

import (
	"context"
	"sync"
)

// serving is the calls of Serve on a socket, which Close ends and waits for.
type serving struct {
	stopped  context.Context // ends when no new request is to be taken
	stop     context.CancelFunc
	handlers context.Context // ends when handlers have to
	end      context.CancelFunc

	mu    sync.Mutex
	calls int
	idle  chan struct{} // closed when there is none, if somebody waits
}

func (v *serving) init() {
	v.stopped, v.stop = context.WithCancel(context.Background())
	v.handlers, v.end = context.WithCancel(context.Background())
}

// begin is the begin of a call, and reports false when the socket is closed.
func (v *serving) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopped.Err() != nil {
		return false
	}
	v.calls++
	return true
}

func (v *serving) done() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.calls--; v.calls == 0 && v.idle != nil {
		close(v.idle)
		v.idle = nil
	}
}

// wait waits until ctx ends for the calls, which take no new request. The ctx of
// their handlers ends with grace.
func (v *serving) wait(ctx, grace context.Context) {
	defer v.end()
	defer context.AfterFunc(grace, v.end)()
	v.mu.Lock()
	if v.calls > 0 && v.idle == nil {
		v.idle = make(chan struct{})
	}
	idle := v.idle
	v.mu.Unlock()
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
		}
	}
}
