// Package pollfd makes descriptors that a program polls: readable while something
// is possible.
package pollfd

import (
	"sync"
	"sync/atomic"
)

// FD is a descriptor that is readable while its level is high.
type FD struct {
	wanted atomic.Bool

	mu     sync.Mutex // so that levels that overtake each other end with the newest
	level  bool
	closed bool
	pipe   pipe
}

// New makes a descriptor whose level is low.
func New() (*FD, error) {
	p, err := newPipe()
	if err != nil {
		return nil, err
	}
	return &FD{pipe: p}, nil
}

// FD is the descriptor.
func (f *FD) FD() int { return f.pipe.fd() }

// Want says what the level is to be, and reports whether Apply is to be called. It may
// be called with any lock held.
func (f *FD) Want(level bool) bool { return f.wanted.Swap(level) != level }

// Apply sets the level that was wanted last. After Close it does nothing.
func (f *FD) Apply() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if wanted := f.wanted.Load(); !f.closed && f.level != wanted {
		f.level = wanted
		f.pipe.set(wanted)
	}
}

// Close closes the descriptor.
func (f *FD) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.pipe.close()
	}
}
