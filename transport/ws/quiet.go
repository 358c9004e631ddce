package ws

import (
	"net"
	"sync"
)

// quiet is a connection that hears nothing before it has said something. Who
// speaks first is no HTTP server, but a tcp:// peer, say; package net/http would
// write that to the log of the program, and no reason into its error.
type quiet struct {
	net.Conn
	once sync.Once
	said chan struct{} // closed by the first Write, or Close
}

func newQuiet(nc net.Conn) *quiet { return &quiet{Conn: nc, said: make(chan struct{})} }

// NetConn is the connection itself, as with tls.Conn.
func (q *quiet) NetConn() net.Conn { return q.Conn }

func (q *quiet) Read(p []byte) (int, error) {
	<-q.said
	return q.Conn.Read(p)
}

func (q *quiet) Write(p []byte) (int, error) {
	defer q.once.Do(func() { close(q.said) })
	return q.Conn.Write(p)
}

func (q *quiet) Close() error {
	defer q.once.Do(func() { close(q.said) })
	return q.Conn.Close()
}
