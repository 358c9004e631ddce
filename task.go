package gonng

import "sync"

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
	}
}

// wait returns when all have ended, but for those in a hook.
func (ts *tasks) wait() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for t := range ts.running {
		if t.inHook {
			delete(ts.running, t)
		}
	}
	for len(ts.running) > 0 {
		ts.ended.Wait()
	}
}
