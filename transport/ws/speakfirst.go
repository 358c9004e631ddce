//go:build !js

package ws

import (
	"net"
	"sync"
)

// speakFirstConn is a connection whose Read waits until something was written. A peer that
// sends something before the request is not an HTTP server but, say, a tcp:// peer. Package
// net/http would write its bytes to the standard logger, and leave the reason out of its
// error.
type speakFirstConn struct {
	net.Conn
	once  sync.Once
	wrote chan struct{} // closed by the first Write, or Close
}

func newSpeakFirstConn(nc net.Conn) *speakFirstConn {
	return &speakFirstConn{Conn: nc, wrote: make(chan struct{})}
}

// NetConn returns the connection below, as that of tls.Conn does.
func (c *speakFirstConn) NetConn() net.Conn { return c.Conn }

func (c *speakFirstConn) Read(p []byte) (int, error) {
	<-c.wrote
	return c.Conn.Read(p)
}

func (c *speakFirstConn) Write(p []byte) (int, error) {
	defer c.once.Do(func() { close(c.wrote) })
	return c.Conn.Write(p)
}

func (c *speakFirstConn) Close() error {
	defer c.once.Do(func() { close(c.wrote) })
	return c.Conn.Close()
}
