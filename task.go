package gonng

import (
	"context"
	"sync"
)

// tasks are the goroutines of a socket. Close waits for them, so that nothing
// of the socket is left when it returns.
type tasks struct {
	mu      sync.Mutex
	running map[*task]struct{}
	ended   sync.Cond
}

// task is one goroutine. While it runs a hook it may be the one that called
// Close, so Close does not wait for it.
type task struct{ inHook bool }

func (ts *tasks) init() {
	ts.running = make(map[*task]struct{})
	ts.ended.L = &ts.mu
}

// start runs fn on a goroutine of its own.
func (ts *tasks) start(fn func(*task)) {
	t := new(task)
	ts.mu.Lock()
	ts.running[t] = struct{}{}
	ts.mu.Unlock()
	go func() {
		fn(t)
		ts.mu.Lock()
		delete(ts.running, t)
		ts.mu.Unlock()
		ts.ended.Broadcast()
	}()
}

// hook marks t, which may be nil for a goroutine of the program's.
func (ts *tasks) hook(t *task, inHook bool) {
	if t != nil {
		ts.mu.Lock()
		t.inHook = inHook
		ts.mu.Unlock()
		ts.ended.Broadcast()
	}
}

// release lets go of those in a hook: one of them may be calling Close.
func (ts *tasks) release() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for t := range ts.running {
		if t.inHook {
			delete(ts.running, t)
		}
	}
}

// wait returns when all have ended. For a hook, which may take as long as the
// program likes, it waits only until ctx ends.
func (ts *tasks) wait(ctx context.Context) {
	defer context.AfterFunc(ctx, func() {
		ts.mu.Lock() // not between the look at ctx and the Wait below
		defer ts.mu.Unlock()
		ts.ended.Broadcast()
	})()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for ts.holdUp(ctx) {
		ts.ended.Wait()
	}
}

func (ts *tasks) holdUp(ctx context.Context) bool {
	for t := range ts.running {
		if !t.inHook || ctx.Err() == nil {
			return true
		}
	}
	return false
}
