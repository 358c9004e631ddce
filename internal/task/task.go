// Package task keeps the goroutines of a socket, so that Close can wait for them.
package task

import (
	"context"
	"sync"
)

// Group is the goroutines of a socket. The zero value is empty and ready.
type Group struct {
	mu      sync.Mutex
	running map[*Task]struct{}
	changed chan struct{} // closed when a task ends or enters a hook, if somebody waits
}

// Task is one goroutine. While it runs a hook it may close the socket itself; Close does
// not wait for it then.
type Task struct {
	group  *Group
	what   string
	inHook bool
}

// Start runs fn on a goroutine of its own. Wait returns the text if it gives up waiting
// for this goroutine.
func (g *Group) Start(what string, fn func(*Task)) {
	t := &Task{group: g, what: what}
	g.mu.Lock()
	if g.running == nil {
		g.running = make(map[*Task]struct{})
	}
	g.running[t] = struct{}{}
	g.mu.Unlock()
	go func() {
		defer g.remove(t)
		fn(t)
	}()
}

func (g *Group) remove(t *Task) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.running, t)
	g.tell()
}

func (g *Group) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// Hook marks that t enters or leaves a hook. t is nil for a goroutine of the program's.
func (t *Task) Hook(inHook bool) {
	if t == nil {
		return
	}
	t.group.mu.Lock()
	defer t.group.mu.Unlock()
	t.inHook = inHook
	t.group.tell()
}

// Release forgets the tasks that run a hook: one of them may be the caller.
func (g *Group) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.running {
		if t.inHook {
			delete(g.running, t)
		}
	}
}

// Wait returns when all tasks have ended, or when ctx has ended and only hooks
// run, which may take as long as the program likes, and tasks for which forgive
// returns true. It returns what those do.
func (g *Group) Wait(ctx context.Context, forgive func(what string) bool) (left []string) {
	for {
		g.mu.Lock()
		left = left[:0]
		must := false
		for t := range g.running {
			if t.inHook {
				continue
			}
			if forgive(t.what) {
				left = append(left, t.what)
			} else {
				must = true
			}
		}
		hooks := len(g.running) > 0
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		switch {
		case !hooks:
			return nil
		case must:
			<-changed
		case ctx.Err() != nil:
			return left
		default:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
}
