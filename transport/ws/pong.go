package ws

import "sync"

// pongs are the answers to pings. They are written by a goroutine of their own, which
// exists while there are any: the reader must not wait for a peer that does not read,
// and a message under way must not be cut.
type pongs struct {
	mu      sync.Mutex
	frames  []byte // to be written
	writing bool   // the goroutine exists
	closed  bool
	task    sync.WaitGroup
}

// pongRoom is how many bytes of answers wait. One more, and the latest alone waits:
// RFC 6455 asks for no other.
const pongRoom = 1 << 10

// pong answers a ping when there is room for it.
func (o *output) pong(data []byte) {
	p := &o.pongs
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if len(p.frames)+headerMax+len(data) > pongRoom {
		p.frames = p.frames[:0]
	}
	p.frames = appendHeader(p.frames, opPong, true, o.client, len(data))
	begin := len(p.frames)
	p.frames = append(p.frames, data...)
	if o.client {
		mask(p.frames[begin:], [4]byte(p.frames[begin-4:]))
	}
	if !p.writing {
		p.writing = true
		p.task.Go(o.writePongs)
	}
}

// writePongs is the goroutine.
func (o *output) writePongs() {
	for {
		o.mu.Lock()
		frames := o.pongs.take() // those of when they can be written
		if len(frames) > 0 && !o.ended && o.flush() == nil {
			_, o.err = o.dst.Write(frames)
		}
		o.mu.Unlock()
		if len(frames) == 0 {
			return
		}
	}
}

// take returns what is to be written. If that is nothing the goroutine is to end.
func (p *pongs) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	frames := p.frames
	p.frames = nil
	p.writing = len(frames) > 0
	return frames
}

// close waits for the goroutine. The connection is closed.
func (o *output) close() {
	o.pongs.mu.Lock()
	o.pongs.closed = true
	o.pongs.mu.Unlock()
	o.pongs.task.Wait()
}
