package gonng

import (
	"runtime"

	"github.com/gonng/gonng/transport"
)

// run starts to read the peer.
func (p *Pipe) run() {
	if direct, ok := p.conn.(transport.Direct); ok {
		direct.Receive(p.deliver, func(err error) {
			// On a goroutine of its own: this one belongs to the peer's socket.
			p.s.tasks.start(func(t *task) {
				p.finish(p.lost(err))
				p.s.removePipe(t, p)
			})
		})
		return
	}
	p.room = make(chan struct{}, 1)
	p.polled, _ = p.conn.(transport.TryReader)
	p.lendable, _ = p.conn.(transport.Interrupter)
	p.s.tasks.start(p.read)
}

// read is the goroutine of the pipe.
func (p *Pipe) read(t *task) {
	for {
		more, ahead, err := p.readBatch()
		if !more {
			select {
			case <-p.room:
			case <-p.done:
			}
		}
		if err != nil {
			p.finish(p.lost(err))
			p.s.removePipe(t, p)
			return
		}
		if ahead {
			runtime.Gosched()
		}
	}
}

// readBatch waits for messages and delivers them. It reports whether more is
// welcome, and whether the receiver should run first.
func (p *Pipe) readBatch() (more, ahead bool, err error) {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	more = p.deliverArrived()
	return more, p.ahead, err
}

// refill is for a receiver that has taken the last message of a paused pipe. It
// reads on by itself as long as there is something to read; only the waiting is
// left to the pipe's goroutine.
func (p *Pipe) refill() {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.arrived = p.polled.TryRead(p.arrived[:0])
	if len(p.arrived) > 0 {
		p.deliverArrived()
		return
	}
	p.s.mu.Lock()
	p.resume()
	p.s.mu.Unlock()
}

func (p *Pipe) deliverArrived() (more bool) {
	more = len(p.arrived) == 0 || p.deliver(p.arrived)
	if cap(p.arrived) > keepItems {
		p.arrived = nil
	}
	return more
}

// deliver passes a batch on and reports whether more is welcome; if not,
// resume will tell.
func (p *Pipe) deliver(batch []transport.Message) bool {
	count, bytes := uint64(len(batch)), bytesIn(batch)
	p.s.mu.Lock()
	defer p.s.unlock()
	p.s.stats.Received += count
	p.s.stats.ReceivedBytes += bytes
	p.stats.Received += count
	p.stats.ReceivedBytes += bytes
	if p.s.closed {
		release(batch)
		return true
	}
	lone := p.borrower(len(batch))
	more := p.s.pattern.deliver(p, batch)
	p.in.paused = p.in.paused || !more
	switch {
	case !more && p.s.loan.pipe == p:
		p.s.loan.pipe = nil // it is paused now
	case lone != nil && lone.list == nil && !p.in.paused:
		p.s.lend(p)
		return false
	}
	return more
}

func release(batch []transport.Message) {
	for _, m := range batch {
		m.Release()
	}
}

// resume lets reading go on after deliver has said no. s.mu is held.
func (p *Pipe) resume() {
	if !p.in.paused {
		return
	}
	p.in.paused = false
	if p.s.loan.pipe == p {
		p.s.loan.pipe = nil
	}
	if p.room == nil {
		p.conn.(transport.Direct).Resume()
		return
	}
	select {
	case p.room <- struct{}{}:
	default:
	}
}
