package gonng

import (
	"iter"
	"slices"
	"sync"
)

// rounds collects what a goroutine is to visit, in the order in which it comes: in each
// round all that has come since the last.
type rounds[T any] struct {
	mu      sync.Mutex
	due     []T
	running bool // the goroutine
}

// add adds what is to be visited, and has start start the goroutine unless it runs.
func (r *rounds[T]) add(start func(), list iter.Seq[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due = slices.AppendSeq(r.due, list); !r.running && len(r.due) > 0 {
		r.running = true
		start()
	}
}

// next returns what is due, or nil: then the goroutine has to end. What comes meanwhile is
// collected in the memory of last, the round before.
func (r *rounds[T]) next(last []T) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) == 0 {
		r.due, r.running = nil, false
		return nil
	}
	due := r.due
	r.due = last[:0]
	return due
}
