package gonng

import (
	"runtime"
	"slices"
	"sync"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
)

// flusher is the goroutine that writes for a socket that sends each message to all peers.
// It goes from one peer to the next and writes all that has gathered for each since its
// last visit, so that under load the messages of one round share a system call. If each
// peer had a goroutine for that, they would all wait for the socket's lock, and the
// sender would have its turn after all of them: each write would be one message.
type flusher struct {
	mu      sync.Mutex
	due     []*Pipe // those to visit, whose writing tokens the flusher has
	running bool
}

// flushChunk is how many peers are visited after the socket was locked once.
const flushChunk = 256

// flushAll passes the writing tokens of f to the flusher.
func (s *socket) flushAll(f sp.Flushes) {
	x := &s.flusher
	x.mu.Lock()
	defer x.mu.Unlock()
	for p := f.Next(); p != nil; p = f.Next() {
		x.due = append(x.due, pipeOf(p))
	}
	s.startFlusherLocked()
}

// flushAgain passes the writing tokens of pipes that were written to to the flusher,
// which gives them back when nothing more has gathered.
func (s *socket) flushAgain(pipes ...*Pipe) {
	x := &s.flusher
	x.mu.Lock()
	defer x.mu.Unlock()
	x.due = append(x.due, pipes...)
	s.startFlusherLocked()
}

// startFlusherLocked starts the goroutine unless it runs. The lock is the flusher's.
func (s *socket) startFlusherLocked() {
	if x := &s.flusher; !x.running && len(x.due) > 0 {
		x.running = true
		s.start("", s.runFlusher)
	}
}

// runFlusher visits the pipes until none is due.
func (s *socket) runFlusher(*task.Task) {
	var round []*Pipe
	for {
		runtime.Gosched() // goroutines that are about to send share the writes
		if round = s.flusher.next(round); round == nil {
			return
		}
		for pipes := range slices.Chunk(round, flushChunk) {
			s.visit(pipes)
		}
		clear(round)
	}
}

// next returns the pipes that are due, or nil; then the flusher is at its end. Those
// that come meanwhile are collected in the memory of last.
func (x *flusher) next(last []*Pipe) []*Pipe {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.due) == 0 {
		x.due, x.running = nil, false
		return nil
	}
	due := x.due
	x.due = last[:0]
	return due
}

// visit writes to the pipes what has gathered for them.
func (s *socket) visit(pipes []*Pipe) {
	s.lock()
	pipes = slices.DeleteFunc(pipes, func(p *Pipe) bool { return !p.takeOutLocked() })
	s.unlock()
	pipes = slices.DeleteFunc(pipes, func(p *Pipe) bool { return !p.writeTaken() })
	s.wrote()
	s.flushAgain(pipes...)
}
