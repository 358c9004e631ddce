package stream

import (
	"crypto/tls"
	"net"
)

// surelyTaken is how many bytes the kernel takes when it has none, records of
// TLS around them included, whatever the size of its buffer.
const surelyTaken = 4 << 10

// Writer writes to a connection without ever waiting for it, where that is
// possible.
type Writer struct {
	raw   rawWriter
	tls   *tls.Conn // nil: written raw, if at all
	queue sendQueue // of the connection under tls
}

// NewWriter returns a Writer for nc.
func NewWriter(nc net.Conn) *Writer {
	w := new(Writer)
	w.init(nc)
	return w
}

func (w *Writer) init(nc net.Conn) {
	t, ok := nc.(*tls.Conn)
	if !ok {
		w.raw.init(rawConn(nc))
	} else if raw := rawConn(Underlying(t)); raw != nil {
		w.tls = t
		w.queue.init(raw)
	}
}

// Try writes what the kernel takes at once, which may be nothing. A TLS
// connection must not be left in the middle of a record: it is written to when
// all of p surely fits.
func (w *Writer) Try(p []byte) (int, error) {
	switch {
	case w.tls == nil:
		return w.raw.try(p)
	case len(p) > surelyTaken || !w.queue.empty():
		return 0, nil
	}
	return w.tls.Write(p)
}
