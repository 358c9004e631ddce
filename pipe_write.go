package gonng

import (
	"errors"
	"runtime"
	"syscall"
	"time"

	"github.com/gonng/gonng/transport"
)

// flush writes what is pending; the caller has the writing token and must not
// hold s.mu.
func (p *Pipe) flush(inline bool) {
	if !inline || !p.writeInline() {
		p.kick()
	}
}

// writeInline writes without waiting and reports whether that was all, or failed.
func (p *Pipe) writeInline() bool {
	p.inline.Lock()
	defer p.inline.Unlock()
	if !p.take() {
		return true
	}
	done, err := p.conn.TryWrite(p.out.current)
	if err != nil {
		p.writeFailed(err)
		return true
	}
	return done && !p.take()
}

// kick passes the writing token to the writer goroutine, which exists from the
// first time that there is something to gather. It never blocks: there is one
// token.
func (p *Pipe) kick() {
	if p.out.kick == nil {
		p.s.mu.Lock()
		p.out.kick, p.out.ended = make(chan struct{}, 1), make(chan struct{})
		p.s.mu.Unlock()
		p.s.tasks.start(p.write)
	}
	p.out.kick <- struct{}{}
}

// write is the writer goroutine.
func (p *Pipe) write(*task) {
	defer close(p.out.ended)
	for {
		select {
		case <-p.out.kick:
		case <-p.done:
			return
		}
		runtime.Gosched() // those who are about to send, too, share the write
		for p.out.current.Len() > 0 || p.take() {
			if err := p.conn.Write(p.out.current); err != nil {
				p.writeFailed(err)
				return
			}
		}
		p.s.wrote()
	}
}

// join waits until nobody writes any more. The connection is closed: it is soon.
func (p *Pipe) join() {
	p.inline.Lock()
	defer p.inline.Unlock()
	p.s.mu.Lock()
	writer := p.out.ended
	p.s.mu.Unlock()
	if writer != nil {
		<-writer
	}
}

// take is outbox.take; it tells the pattern when somebody waits for room.
func (p *Pipe) take() bool {
	p.s.mu.Lock()
	work := p.out.take()
	if work && p.out.wanted {
		p.out.wanted = false
		p.s.pattern.writable(p)
	}
	p.s.unlock()
	return work
}

// parted says goodbye to the peer and reports whether to wait for its answer.
// Where nothing was sent there is nothing to lose.
func (p *Pipe) parted() bool {
	f, ok := p.conn.(transport.Finisher)
	return ok && p.Stats().Sent > 0 && f.Finish()
}

// writeFailed ends the pipe, but lets the reader finish when it was the peer
// who went: what the peer sent before is still to be received. That may take as
// long as the program likes, and meanwhile another may take the peer's place.
func (p *Pipe) writeFailed(err error) {
	_, direct := p.conn.(transport.Direct)
	gone := !direct && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET))
	p.s.mu.Lock()
	p.out.failed()
	if gone {
		p.s.pattern.detach(p)
	}
	p.s.unlock()
	if !gone {
		p.finish(p.lost(err))
	} else if yes, known := p.hungUp(); known && !yes {
		p.s.tasks.start(func(*task) { p.notRead(err) })
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

// notRead ends the pipe of a peer that reads no more, unless it turns out to
// have gone altogether: then the reader finds the end by itself.
func (p *Pipe) notRead(err error) {
	grace := time.NewTimer(time.Second)
	defer grace.Stop()
	select {
	case <-p.done:
		return
	case <-grace.C:
	}
	if yes, _ := p.hungUp(); !yes {
		p.finish(p.lost(errorf(ErrConnectionReset, "the peer has stopped reading: %w", err)))
	}
}
