package stream

import (
	"crypto/tls"
	"net"
	"time"
)

// GoodbyeTime is how long a goodbye may wait for room in the operating system's
// buffers. crypto/tls would wait for five seconds.
const GoodbyeTime = 20 * time.Millisecond

// Goodbye calls say, which writes the last bytes to nc: a few, that tell the peer
// that nothing more comes. When there is no room for them, because the peer does not
// read or is behind, say is called if it may wait, and what it writes fails soon.
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

// Close closes nc, with the goodbye of TLS if it uses that and there is room for it.
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

// closeWrite tells the peer that nothing more comes, and leaves the connection to
// be read.
func closeWrite(nc net.Conn) error {
	if t, ok := nc.(*tls.Conn); ok {
		Goodbye(nc, true, func() { _ = t.CloseWrite() }) // what follows it says the same
	}
	half, ok := Underlying(nc).(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}
