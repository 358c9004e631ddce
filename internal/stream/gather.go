package stream

import (
	"net"

	"github.com/gonng/gonng/transport"
)

// recordSize is the most that a TLS record holds.
const recordSize = 16 << 10

// WriteVectors writes all bytes of v, waiting for the peer where it must, and returns how
// many were written. It may shorten v by them.
func WriteVectors(c net.Conn, v *net.Buffers) (int, error) {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		n, err := v.WriteTo(c) // one writev
		return int(n), err
	}
	return gather(c, *v)
}

// gather writes pieces to a connection without writev. Each Write has a cost there, and on
// TLS makes records. So gather copies small pieces together until they fill a record, and
// writes large ones in place, as many whole records as they have. Only the last Write may
// be shorter than a record.
func gather(c net.Conn, pieces [][]byte) (written int, err error) {
	record := transport.NewBuffer(recordSize)
	defer record.Release()
	have := 0
	write := func(p []byte) {
		var n int
		n, err = c.Write(p)
		written += n
	}
	for _, p := range pieces {
		for len(p) > 0 && err == nil {
			if whole := len(p) &^ (recordSize - 1); have == 0 && whole > 0 {
				write(p[:whole])
				p = p[whole:]
				continue
			}
			n := copy(record.Bytes()[have:recordSize], p)
			have, p = have+n, p[n:]
			if have == recordSize {
				write(record.Bytes()[:have])
				have = 0
			}
		}
	}
	if have > 0 && err == nil {
		write(record.Bytes()[:have])
	}
	return written, err
}
