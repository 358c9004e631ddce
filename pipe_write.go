package gonng

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// flush writes to the pipes in f, whose writing tokens the caller has: inline on the
// caller's goroutine, else by the flusher of a socket that sends to all peers, or by the
// writer goroutines. The socket is not locked.
func (s *socket) flush(f sp.Flushes, inline bool) {
	if s.fansOut && !inline {
		s.flushLater(pipesOf(f))
		s.wrote()
		return
	}
	for p := f.Next(); p != nil; p = f.Next() {
		pipe := pipeOf(p)
		if !inline || !pipe.writeInline() {
			pipe.kick()
		}
	}
	s.wrote()
}

// wrote notes the time of a write, for the next sender.
func (s *socket) wrote() { s.clock.wrote() }

// writeInline writes without waiting. It reports whether nothing is left to write:
// because all is written, or because the write failed.
func (p *Pipe) writeInline() bool {
	p.writeMu.Lock()
	done := p.tryWrite()
	p.writeMu.Unlock() // not deferred: each request and each reply comes by here
	return done
}

// tryWrite is writeInline with the writing side locked.
func (p *Pipe) tryWrite() bool {
	if p.Err() != nil || !p.take() {
		return true // after join, the batch is not the sender's any more
	}
	return p.emptied(p.conn.TryWrite(p.peer.Current()))
}

// emptied is called after the sender has written, and reports whether nothing is left to write.
func (p *Pipe) emptied(done bool, err error) bool {
	if err != nil {
		p.writeFailed(err)
		return true
	}
	return done && !p.take()
}

// borrows reports whether a sender of a large message can write it itself.
func (p *Pipe) borrows() bool {
	_, ok := p.conn.(transport.Borrower)
	return ok
}

// writeLarge writes a large message on the goroutine of its sender, which has the writing token
// and gets its body back when writeLarge returns. The writer goroutine writes what is left when
// the peer takes it slowly, ctx ends, or timeout is over; 0: no timeout.
func (p *Pipe) writeLarge(ctx context.Context, timeout time.Duration) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	p.writeMu.Lock()
	done := p.tryWriteLarge(ctx)
	p.writeMu.Unlock()
	if !done {
		p.kick()
	}
	p.s.wrote()
}

func (p *Pipe) tryWriteLarge(ctx context.Context) bool {
	if p.Err() != nil || !p.take() {
		return true // after join, the batch is not the sender's any more
	}
	return p.emptied(p.conn.(transport.Borrower).WriteBorrowed(ctx, p.peer.Current()))
}

// writeTaken writes some of what was taken, max bytes at most, without waiting. It reports
// whether the caller still has the writing token: when the kernel has no more room, the writer
// goroutine writes what is left.
func (p *Pipe) writeTaken(max int) bool {
	p.writeMu.Lock()
	defer p.writeMu.Unlock()
	if p.Err() != nil {
		return false // after join, the batch is not the flusher's any more
	}
	more, err := p.writePart(max)
	switch {
	case err != nil:
		p.writeFailed(err)
	case !more:
		p.kick()
	}
	return more && err == nil
}

// writePart writes max bytes at most, where the transport can, and reports whether more could
// be written now.
func (p *Pipe) writePart(max int) (more bool, err error) {
	if c, ok := p.conn.(transport.PartWriter); ok {
		n, err := c.TryWritePart(p.peer.Current(), max)
		return n == max || p.peer.CurrentLen() == 0, err
	}
	return p.conn.TryWrite(p.peer.Current())
}

// kick passes the writing token to the writer goroutine, which it starts the first time.
// It never blocks, because there is one token.
func (p *Pipe) kick() {
	if p.kicked == nil {
		p.s.lock()
		p.kicked, p.written = make(chan struct{}, 1), make(chan struct{})
		p.s.unlock()
		p.start(p.write)
	}
	p.kicked <- struct{}{}
}

// write is the writer goroutine.
func (p *Pipe) write(*task.Task) {
	defer close(p.written)
	closing := p.closing()
	for {
		select {
		case <-p.kicked:
		case <-closing:
		}
		if p.Err() != nil {
			return // after join, the batch is not the writer's any more
		}
		runtime.Gosched() // goroutines that are about to send share the write
		for p.peer.CurrentLen() > 0 || p.take() {
			if err := p.conn.Write(p.peer.Current()); err != nil {
				p.writeFailed(err)
				return
			}
			if p.s.fansOut {
				p.s.flushLater(slices.Values([]*Pipe{p}))
				break
			}
		}
		p.s.wrote()
	}
}

// join waits until no goroutine writes any more. The connection is closed, so that is
// soon.
func (p *Pipe) join() {
	p.writeMu.Lock()
	defer p.writeMu.Unlock()
	p.s.lock()
	written := p.written
	p.s.unlock()
	if written != nil {
		<-written
	}
	p.s.lock()
	begun := p.peer.CurrentLen() > 0
	p.s.unlock()
	if c, ok := p.conn.(transport.PartWriter); ok && begun {
		c.Abandon(p.peer.Current())
	}
}

// take makes what is to be written the current batch and reports whether there is any.
// If not, it gives the writing token back, and tells Close that the pipe is drained.
func (p *Pipe) take() bool {
	p.s.lock()
	work := p.takeOutLocked()
	p.s.unlock()
	return work
}

func (p *Pipe) takeOutLocked() bool {
	work := p.peer.Take()
	if !work && p.drained != nil {
		close(p.drained)
		p.drained = nil
	}
	return work
}

// drainLocked accepts nothing more and returns a channel that is closed when all that
// was accepted is written, or nil if it is already.
func (p *Pipe) drainLocked() <-chan struct{} {
	if !p.peer.CloseOutbox() {
		return nil
	}
	if p.drained == nil {
		p.drained = make(chan struct{})
	}
	return p.drained
}

// drain accepts nothing more and waits until all that was accepted is written, the pipe
// has ended, or ctx has.
func (p *Pipe) drain(ctx context.Context) {
	p.s.lock()
	drained := p.drainLocked()
	p.s.unlock()
	if drained != nil {
		select {
		case <-drained:
		case <-p.closing():
		case <-ctx.Done():
		}
	}
}

// waitEnd waits for the end of the pipe, and reports whether it came before that of ctx.
func (p *Pipe) waitEnd(ctx context.Context) bool {
	select {
	case <-p.closing():
		return true
	case <-ctx.Done():
		return false
	}
}

// retire has nothing new sent to the peer, and ends the pipe when all that was accepted for it
// is written and answered, and when what it has asked is answered. It reports whether that was
// before the end of ctx. Otherwise the pipe is left to who ended ctx: the Close of the dialer
// or of the socket.
func (p *Pipe) retire(ctx context.Context, why error) bool {
	p.finishAnswers(ctx)
	if ctx.Err() != nil {
		return false
	}
	p.drain(ctx)
	if f, ok := p.conn.(transport.Finisher); ok && ctx.Err() == nil && f.Finish() {
		bounded, cancel := context.WithTimeout(ctx, p.s.Config().Linger)
		defer cancel()
		p.waitEnd(bounded)
	}
	if ctx.Err() != nil {
		return false
	}
	p.closeWith(p.s.opError("pipe", p.URL(), why))
	return true
}

// finishAnswers waits until the peer, which retires, neither has to answer nor is to be
// answered.
func (p *Pipe) finishAnswers(ctx context.Context) {
	p.s.lock()
	defer p.s.unlock()
	p.s.retireLocked(&p.peer)
	w := p.s.newWaiterLocked(ctx, 0)
	defer w.doneLocked()
	for p.peer.Busy() && ctx.Err() == nil {
		_ = w.waitLocked(p.peer.Retired())
	}
}

// part tells the peer that nothing more comes, and reports whether Close has to wait
// until the peer closes the connection. A peer to which nothing was sent can lose
// nothing.
func (p *Pipe) part(ctx context.Context) bool {
	f, ok := p.conn.(transport.Finisher)
	if !ok || !p.wasSentTo() {
		return false
	}
	if p.foreign == "" {
		return f.Finish()
	}
	parted := make(chan bool, 1)
	p.start(func(*task.Task) { parted <- f.Finish() })
	select {
	case wait := <-parted:
		return wait
	case <-ctx.Done():
		return false
	}
}

func (p *Pipe) wasSentTo() bool {
	p.s.lock()
	defer p.s.unlock()
	messages, _ := p.peer.Sent()
	return messages > 0
}

// writeFailed ends the pipe after a write that failed. When the reason is that the peer
// has gone, the reader goes on: what the peer sent before is still received. That may
// take as long as the program likes; meanwhile another peer may take the place of this
// one.
func (p *Pipe) writeFailed(err error) {
	gone := !p.direct && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET))
	p.s.lock()
	p.peer.WriteFailed()
	if gone {
		p.peerGoneLocked()
	}
	p.s.unlock()
	if !gone {
		p.closeWith(p.endReason(err))
	} else if yes, known := p.hungUp(); known && !yes {
		p.start(func(*task.Task) { p.notRead(err) })
	}
}

// hungUp reports whether nothing more comes from the peer; see transport.Prober.
func (p *Pipe) hungUp() (yes, known bool) {
	c, ok := p.conn.(transport.Prober)
	if !ok {
		return false, false
	}
	return c.HungUp()
}

// notRead ends the pipe of a peer that has stopped reading and has not hung up. If the
// peer hangs up within a second, the reader finds the end by itself.
func (p *Pipe) notRead(err error) {
	grace := time.NewTimer(time.Second)
	defer grace.Stop()
	select {
	case <-p.closing():
		return
	case <-grace.C:
	}
	if yes, _ := p.hungUp(); !yes {
		p.closeWith(p.endReason(errorf(ErrConnectionReset, "the peer has stopped reading: %w", err)))
	}
}

// The flusher is the goroutine that writes for a socket that sends each message to all peers.
// It goes from one peer to the next and writes what has gathered for each since its
// last visit, so that under load the messages of one round share a system call. If each
// peer had a goroutine for that, they would all wait for the socket's lock, and the
// sender would have its turn after all of them: each write would be one message.

// A round must not take long, or the first peers get nothing meanwhile. roundBytes is how much
// is written in one, and leastPart how much of that each peer gets at least: with less, a
// system call costs more than what it writes.
const (
	roundBytes = 16 << 20
	leastPart  = 8 << 10
)

// flushChunk is how many peers are visited after the socket was locked once.
const flushChunk = 256

// flushLater passes writing tokens to the flusher, also those of pipes that were written to:
// it gives them back when nothing more has gathered.
func (s *socket) flushLater(pipes iter.Seq[*Pipe]) {
	s.toFlush.add(func() { s.start(s.runFlusher) }, pipes)
}

// runFlusher visits the pipes until none is due.
func (s *socket) runFlusher(*task.Task) {
	var round []*Pipe
	for {
		runtime.Gosched() // goroutines that are about to send share the writes
		if round = s.toFlush.next(round); round == nil {
			return
		}
		part := max(roundBytes/len(round), leastPart)
		for pipes := range slices.Chunk(round, flushChunk) {
			s.visit(pipes, part)
		}
		clear(round)
	}
}

// visit writes to each of the pipes what has gathered for it, part bytes at most.
func (s *socket) visit(pipes []*Pipe, part int) {
	s.lock()
	pipes = slices.DeleteFunc(pipes, func(p *Pipe) bool { return p.peer.CurrentLen() == 0 && !p.takeOutLocked() })
	s.unlock()
	pipes = slices.DeleteFunc(pipes, func(p *Pipe) bool { return !p.writeTaken(part) })
	s.wrote()
	s.flushLater(slices.Values(pipes))
}
