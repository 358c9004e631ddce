// Package task keeps the goroutines of a socket, so that Close can wait for them.
package task

import (
	"context"
	"sync"
)

// Group is the goroutines of a socket. The zero value is empty and ready.
type Group struct {
	mu      sync.Mutex
	own     int                // those that surely end
	foreign map[*Task]struct{} // those that call code which may not let them end
	hooked  map[*Task]struct{} // those that run a hook
	changed chan struct{}      // closed when Wait, which waits, has to look again
}

// Task is one goroutine. While it runs a hook it may close the socket itself; Close does
// not wait for it then.
type Task struct {
	group     *Group
	foreign   string
	forgotten bool // by Release
}

// Start runs fn on a goroutine of its own. foreign is not "" if fn calls code that may not
// let it end; Wait returns the text if it gives up waiting for this goroutine.
func (g *Group) Start(foreign string, fn func(*Task)) {
	t := &Task{group: g, foreign: foreign}
	g.mu.Lock()
	g.enter(t)
	g.mu.Unlock()
	go func() {
		defer g.remove(t)
		fn(t)
	}()
}

// enter counts t, and leave takes it out. The group is locked.
func (g *Group) enter(t *Task) {
	if t.foreign == "" {
		g.own++
		return
	}
	if g.foreign == nil {
		g.foreign = make(map[*Task]struct{})
	}
	g.foreign[t] = struct{}{}
}

func (g *Group) leave(t *Task) {
	if t.foreign == "" {
		g.own--
	}
	delete(g.foreign, t)
	g.tell()
}

// tell has Wait look again, unless it would have to go on waiting: the ends of thousands
// of goroutines are one matter for it.
func (g *Group) tell() {
	if g.changed != nil && g.own == 0 {
		close(g.changed)
		g.changed = nil
	}
}

func (g *Group) remove(t *Task) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !t.forgotten {
		g.leave(t)
	}
}

// Hook marks that t enters or leaves a hook. t is nil for a goroutine of the program's.
func (t *Task) Hook(inHook bool) {
	if t == nil {
		return
	}
	g := t.group
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case t.forgotten:
	case inHook:
		if g.hooked == nil {
			g.hooked = make(map[*Task]struct{})
		}
		g.hooked[t] = struct{}{}
		g.leave(t)
	default:
		delete(g.hooked, t)
		g.enter(t)
	}
}

// Release forgets the tasks that run a hook: one of them may be the caller.
func (g *Group) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.hooked {
		t.forgotten = true
	}
	clear(g.hooked)
	g.tell()
}

// Wait returns when all tasks have ended, or when ctx has ended and only hooks run, which
// may take as long as the program likes, and foreign code. It returns the texts of that.
func (g *Group) Wait(ctx context.Context) (left []string) {
	for {
		g.mu.Lock()
		if g.own == 0 && (ctx.Err() != nil || len(g.foreign)+len(g.hooked) == 0) {
			defer g.mu.Unlock()
			for t := range g.foreign {
				left = append(left, t.foreign)
			}
			return left
		}
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed, must := g.changed, g.own > 0
		g.mu.Unlock()
		if must {
			<-changed
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// AtOnce calls do for all elements at the same time, since closing one connection may
// take a moment, and waits for all calls.
func AtOnce[T any](list []T, do func(T)) {
	if len(list) == 1 {
		do(list[0])
		return
	}
	var all sync.WaitGroup
	for _, x := range list {
		all.Go(func() { do(x) })
	}
	all.Wait()
}
