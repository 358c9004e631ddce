package gonngtest

import (
	"net"
	"time"
)

// link is one connection through a proxy. The proxy's mu guards it.
type link struct {
	p         *Proxy
	near, far net.Conn
	lanes     int           // that have not ended
	done      chan struct{} // closed when it is cut
	gone      bool
}

// cut breaks the connection. The proxy's mu is held.
func (l *link) cut() {
	if l.gone {
		return
	}
	l.gone = true
	close(l.done)
	l.near.Close()
	l.far.Close()
	delete(l.p.links, l)
	l.p.changed.Broadcast()
}

func (l *link) reset() {
	for _, conn := range []net.Conn{l.near, l.far} {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	l.cut()
}

// lane is one direction of a link: a goroutine that reads into a buffer and
// one that writes from it.
type lane struct {
	*Flow
	link     *link
	src, dst net.Conn
	buf      []byte
	eof      bool // nothing more comes
}

const readSize = 32 << 10

// await waits until ready, which is called with the proxy's mu held, and locks
// mu. It returns false, without, when the link is cut.
func (l *lane) await(ready func() bool) bool {
	l.p.mu.Lock()
	for !l.link.gone && !ready() {
		l.p.changed.Wait()
	}
	if l.link.gone {
		l.p.mu.Unlock()
		return false
	}
	return true
}

// read is the goroutine that reads.
func (l *lane) read() {
	piece := make([]byte, readSize)
	for l.await(l.mayRead) {
		l.p.mu.Unlock()
		n, err := l.src.Read(piece)
		l.set(func() {
			if l.link.gone {
				return
			}
			l.buf = append(l.buf, piece[:n]...)
			l.held += n
			l.eof = err != nil // a reset too: what came before it is forwarded
		})
		if err != nil {
			return
		}
	}
}

func (l *lane) mayRead() bool { return !l.stallRead && (l.stallWrite || len(l.buf) < readSize) }

// write is the goroutine that writes.
func (l *lane) write() {
	defer l.end()
	for l.await(l.mayWrite) {
		if len(l.buf) == 0 {
			l.p.mu.Unlock()
			return
		}
		delay := l.delay
		l.p.mu.Unlock()
		if delay > 0 && !l.pause(delay) {
			return
		}
		piece, last := l.next()
		if len(piece) == 0 { // stalled during the delay
			continue
		}
		n, err := l.dst.Write(piece)
		l.set(func() {
			l.passed += int64(n)
			if err != nil {
				l.link.cut()
			}
			if last {
				l.left = -1
				l.p.cutAll((*link).cut)
			}
		})
	}
}

func (l *lane) mayWrite() bool { return l.mayTake() && (len(l.buf) > 0 || l.eof) }

// pause reports whether the link is still there after the delay.
func (l *lane) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.link.done:
		return false
	}
}

// next takes what to write now out of the buffer.
func (l *lane) next() (piece []byte, last bool) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if !l.mayWrite() {
		return nil, false
	}
	n, last := l.take(len(l.buf))
	piece, l.buf = l.buf[:n:n], l.buf[n:]
	l.held -= n
	l.p.changed.Broadcast()
	return piece, last
}

// end is the last act of the goroutine that writes: it passes on the end of
// the stream. The other direction may go on where the network allows that.
func (l *lane) end() {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.held -= len(l.buf)
	l.buf = nil
	half, ok := l.dst.(interface{ CloseWrite() error })
	l.link.lanes--
	if !ok || l.link.lanes == 0 || half.CloseWrite() != nil {
		l.link.cut()
	}
}
