//go:build !js

package ws

import "sync"

// pongs are the answers to pings that wait to be written. A goroutine of their own writes
// them, because the reader must not wait for a peer that does not read. The goroutine exists
// only while there are answers.
type pongs struct {
	mu      sync.Mutex
	frames  []byte // to be written
	writing bool   // the goroutine exists
	closed  bool
	task    sync.WaitGroup
}

// pongRoom bounds the bytes of the answers that wait. An answer for which there is no room
// replaces all others: RFC 6455 asks only for an answer to the latest ping.
const pongRoom = 1 << 10

// pong answers a ping. It does not wait.
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

// writePongs writes the answers until there are none.
func (o *output) writePongs() {
	for {
		o.mu.Lock()
		frames := o.pongs.take() // with the lock held: the answers may be replaced while it waits for that
		if len(frames) > 0 && !o.ended && o.flush() == nil {
			_, o.err = o.dst.Write(frames)
		}
		o.mu.Unlock()
		if len(frames) == 0 {
			return
		}
	}
}

// take returns the answers to write. When there are none the goroutine has to end.
func (p *pongs) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	frames := p.frames
	p.frames = nil
	p.writing = len(frames) > 0
	return frames
}

// close waits for the goroutine. The caller has closed the connection.
func (o *output) close() {
	o.pongs.mu.Lock()
	o.pongs.closed = true
	o.pongs.mu.Unlock()
	o.pongs.task.Wait()
}
