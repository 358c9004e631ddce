package gonng

import (
	"context"
	"sync"
)

// serving counts the calls of Serve on a socket, so that Close can end them and wait for
// them.
type serving struct {
	stopped  context.Context    // ends when Serve has to take no new request
	cancel   context.CancelFunc // of stopped
	handlers context.Context    // ends when the handlers have to return
	end      context.CancelFunc

	mu    sync.Mutex
	calls int           // of Serve, that have not returned
	idle  chan struct{} // closed when calls becomes 0; nil: nobody waits for that
}

func (v *serving) init() {
	v.stopped, v.cancel = context.WithCancel(context.Background())
	v.handlers, v.end = context.WithCancel(context.Background())
}

// stop has no new request taken.
func (v *serving) stop() { v.cancel() }

// begin counts a call of Serve. It reports false, and does not count it, when the socket is
// closed.
func (v *serving) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopped.Err() != nil {
		return false
	}
	v.calls++
	return true
}

// done is called at the end of a call that begin has counted.
func (v *serving) done() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.calls--; v.calls == 0 && v.idle != nil {
		close(v.idle)
		v.idle = nil
	}
}

// wait waits until all calls of Serve have returned, or ctx ends. The context of the handlers
// ends with grace, or when wait returns.
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
