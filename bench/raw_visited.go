package main

import (
	"bufio"
	"context"
	"net"
)

// A visited end has a message from each connection that it accepts, and can
// answer it. What is to be held stays open.
type visited struct {
	url  string
	ln   net.Listener
	hold bool
	conn net.Conn
	all  []net.Conn
	body []byte
}

func openVisited(j job) (end, error) {
	ln, err := listenRaw(j)
	if err != nil {
		return nil, err
	}
	return &visited{url: j.scheme() + "://" + ln.Addr().String(), ln: ln, hold: j.role() == "hold"}, nil
}

func (e *visited) URL() string                { return e.url }
func (e *visited) Join(context.Context) error { return nil }

// Recv needs no buffer beyond one message: there is nothing else to come.
func (e *visited) Recv() ([]byte, error) {
	if e.hold {
		e.all = append(e.all, e.conn)
	} else if e.conn != nil {
		_ = e.conn.Close() // the other side may have been first
	}
	var err error
	if e.conn, err = e.ln.Accept(); err != nil {
		return nil, err
	}
	return recvFrom(bufio.NewReaderSize(e.conn, 256), &e.body)
}

func (e *visited) Send(body []byte) error {
	return (&singleEnd{rawConn: &rawConn{conn: e.conn}}).Send(body)
}

func (e *visited) Close() error { return e.ln.Close() }
