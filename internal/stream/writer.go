package stream

import "net"

// Writer writes to a connection without ever waiting for it, where that is
// possible.
type Writer struct{ raw rawWriter }

// NewWriter returns a Writer for nc.
func NewWriter(nc net.Conn) *Writer {
	w := new(Writer)
	w.raw.init(rawConn(nc))
	return w
}

// Try writes what the kernel takes at once, which may be nothing.
func (w *Writer) Try(p []byte) (int, error) { return w.raw.try(p) }
