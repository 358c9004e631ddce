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

// rawReader reads from a descriptor. It asks for memory only when there may be something to
// read, so that an idle connection holds none.
type rawReader struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // once, for RawConn: false has it wait
	glance  func(fd uintptr) bool // once, without waiting
	memory  func() []byte         // returns where to read to
	idle    func()                // called when there is nothing to read
	n       int
	err     error
}

func (r *rawReader) init(raw syscall.RawConn, memory func() []byte, idle func()) {
	r.raw, r.memory, r.idle, r.attempt = raw, memory, idle, r.once
	r.glance = func(fd uintptr) bool { r.once(fd); return true }
}

// once calls read(2). It reports false when there is nothing to read.
func (r *rawReader) once(fd uintptr) bool {
	for {
		r.n, r.err = syscall.Read(int(fd), r.memory())
		switch r.err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			r.idle()
			return false
		default:
			return true
		}
	}
}

// read waits until there is something to read, and reads once.
func (r *rawReader) read() (int, error) {
	return r.result(r.raw.Read(r.attempt))
}

// try reads once without waiting. It returns 0 and no error when there is nothing.
func (r *rawReader) try() (int, error) {
	n, err := r.result(r.raw.Read(r.glance))
	if err == syscall.EAGAIN {
		return 0, nil
	}
	return n, err
}

func (r *rawReader) result(err error) (int, error) {
	switch {
	case err != nil:
		return 0, err
	case r.err != nil:
		return 0, r.err
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}
