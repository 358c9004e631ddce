package stream

import (
	"crypto/tls"
	"net"
	"time"
)

// GoodbyeTime is how long the last bytes of a connection may wait for room in the buffers
// of the operating system. crypto/tls would wait for five seconds.
const GoodbyeTime = 20 * time.Millisecond

// Goodbye calls say, which writes a few last bytes to nc that tell the peer that nothing
// more comes. When the operating system has no room for them, because the peer does not
// read, Goodbye calls say only if wait is set; the write then fails after GoodbyeTime.
// Where the room is not known, say is called and has GoodbyeTime.
func Goodbye(nc net.Conn, wait bool, say func()) {
	under := Underlying(nc)
	switch yes, known := roomToWrite(under); {
	case yes:
		say()
		return
	case known && !wait:
		return
	}
	overdue := time.AfterFunc(GoodbyeTime, func() { under.SetWriteDeadline(time.Unix(1, 0)) })
	defer overdue.Stop()
	say()
}

// Close closes nc. If nc uses TLS and there is room, it first sends the alert that ends a
// TLS connection. It does not wait longer than GoodbyeTime.
func Close(nc net.Conn) (err error) {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nc.Close()
	}
	said := false
	Goodbye(nc, false, func() {
		said = true
		err = t.Close()
	})
	if !said {
		err = t.NetConn().Close()
	}
	return err
}

// closeWrite tells the peer that nothing more comes. The connection can still be read.
func closeWrite(nc net.Conn) error {
	if t, ok := nc.(*tls.Conn); ok {
		Goodbye(nc, true, func() { _ = t.CloseWrite() }) // the FIN below says the same
	}
	half, ok := Underlying(nc).(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}
