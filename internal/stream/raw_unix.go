//go:build unix

package stream

import (
	"io"
	"syscall"
)

const rawSupported = true

// rawWriter writes to a descriptor without waiting for room.
type rawWriter struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // made once, because each closure is an allocation
	p       []byte
	n       int
	err     error
}

func (w *rawWriter) init(raw syscall.RawConn) {
	w.raw, w.attempt = raw, w.once
}

// once calls write(2) on what try was given.
func (w *rawWriter) once(fd uintptr) bool {
	for {
		w.n, w.err = syscall.Write(int(fd), w.p)
		if w.err != syscall.EINTR {
			return true
		}
	}
}

// try writes as much of p as the kernel takes at once, which may be nothing.
func (w *rawWriter) try(p []byte) (int, error) {
	if w.raw == nil {
		return 0, nil
	}
	w.p = p
	err := w.raw.Write(w.attempt)
	w.p = nil
	switch {
	case err != nil:
		return 0, err
	case w.err == syscall.EAGAIN:
		return 0, nil
	case w.err != nil:
		return 0, w.err
	}
	return w.n, nil
}

// attempt reads once from the descriptor of a reader.
type attempt struct {
	once func(fd uintptr) bool // made once, because each closure is an allocation
	wait bool                  // once is called again when there may be something to read
	n    int
	err  error
}

func (a *attempt) init(r *reader) { a.once = r.readOnce }

// readOnce calls read(2). It reports whether the attempt is over. It asks for memory only when
// there may be something to read, so that an idle connection holds none.
func (r *reader) readOnce(fd uintptr) bool {
	a := &r.attempt
	for {
		a.n, a.err = syscall.Read(int(fd), r.memory())
		switch a.err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			r.idle()
			return !a.wait
		default:
			return true
		}
	}
}

// readRaw reads once. When there is nothing to read it waits, or returns 0 and no error.
func (r *reader) readRaw(wait bool) (int, error) {
	a := &r.attempt
	a.wait = wait
	err := r.raw.Read(a.once)
	switch {
	case err != nil:
		return 0, err
	case a.err == syscall.EAGAIN:
		return 0, nil
	case a.err != nil:
		return 0, a.err
	case a.n == 0:
		return 0, io.EOF
	}
	return a.n, nil
}
