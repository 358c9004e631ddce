package stream

import (
	"crypto/tls"
	"net"
	"time"
)

// goodbyeTime is how long a goodbye may take where there is no telling whether the
// operating system has room for it. crypto/tls would wait for five seconds.
const goodbyeTime = 20 * time.Millisecond

// Goodbye calls say, which writes the last bytes to nc: a few, that tell the peer
// that nothing more comes. A peer that does not read cannot be told: then say is not
// called, or what it writes fails soon.
func Goodbye(nc net.Conn, say func()) {
	under := Underlying(nc)
	if yes, known := roomToWrite(under); known {
		if yes {
			say()
		}
		return
	}
	overdue := time.AfterFunc(goodbyeTime, func() { under.SetWriteDeadline(time.Unix(1, 0)) })
	defer overdue.Stop()
	say()
}

// Close closes nc, with the goodbye of TLS if it uses that.
func Close(nc net.Conn) (err error) {
	t, ok := nc.(*tls.Conn)
	if !ok {
		return nc.Close()
	}
	said := false
	Goodbye(nc, func() {
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
		Goodbye(nc, func() { _ = t.CloseWrite() }) // what follows it says the same
	}
	half, ok := Underlying(nc).(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}
