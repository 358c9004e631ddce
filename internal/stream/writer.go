package stream

import (
	"crypto/tls"
	"net"
	"syscall"
)

// surelyTaken is how many bytes an empty send buffer of the kernel always has room for, with
// the TLS records around them.
const surelyTaken = 4 << 10

// Writer writes to a connection without waiting, where the platform can.
type Writer struct {
	raw rawWriter
	tls *tlsWriter // nil: raw is used
}

// tlsWriter writes to a TLS connection.
type tlsWriter struct {
	*tls.Conn
	queue sendQueue // of the connection below
}

// NewWriter returns a Writer for nc.
func NewWriter(nc net.Conn) *Writer {
	w := new(Writer)
	w.init(nc, rawConn(nc))
	return w
}

// init prepares w for nc, whose descriptor is raw.
func (w *Writer) init(nc net.Conn, raw syscall.RawConn) {
	t, ok := nc.(*tls.Conn)
	if !ok {
		w.raw.init(raw)
	} else if raw := rawConn(Underlying(t)); raw != nil {
		w.tls = &tlsWriter{Conn: t}
		w.tls.queue.init(raw)
	}
}

// Try writes as much of p as the kernel takes at once, which may be nothing, and returns how
// many bytes that was. It writes to a TLS connection only when all of p surely fits, because
// a record must not be left half written.
func (w *Writer) Try(p []byte) (int, error) {
	switch {
	case w.tls == nil:
		return w.raw.try(p)
	case len(p) > surelyTaken || !w.tls.queue.empty():
		return 0, nil
	}
	return w.tls.Write(p)
}
