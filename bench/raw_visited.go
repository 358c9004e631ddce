package main

import (
	"bufio"
	"context"
	"net"
)

// A visited end has a message from each connection that it accepts, and can
// answer it. What is to be held stays open.
type visited struct {
	url    string
	ln     net.Listener
	silent int  // how many say nothing before the first that does
	hold   bool // them open
	conn   net.Conn
	held   []net.Conn
	body   []byte
}

func openVisited(j job) (end, error) {
	ln, err := listenRaw(j)
	if err != nil {
		return nil, err
	}
	e := &visited{url: j.urlOf(ln), ln: ln}
	if j.role() == "hold" {
		e.hold, e.silent = true, j.connections-j.messages
	}
	return e, nil
}

func (e *visited) URL() string                { return e.url }
func (e *visited) Join(context.Context) error { return nil }

// Recv needs no buffer beyond one message: there is nothing else to come.
func (e *visited) Recv() ([]byte, error) {
	for ; e.silent > 0; e.silent-- {
		conn, err := e.ln.Accept()
		if err != nil {
			return nil, err
		}
		e.held = append(e.held, conn)
	}
	if e.hold {
		e.held = append(e.held, e.conn)
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
