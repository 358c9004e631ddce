package main

import (
	"crypto/tls"
	"encoding/binary"
	"net"
)

// rawSingle does one system call a message, which is what most libraries do.
type rawSingle struct{ inThisProgram }

func (rawSingle) Name() string { return "raw one write a message" }

// Supports leaves out a ping-pong, in which a batch is one message anyway.
func (rawSingle) Supports(r row) bool {
	return (r.pattern == pushPull || r.pattern == pairs) && r.transport != "inproc" && r.transport != "ws"
}

func (rawSingle) Open(j job) (end, error) {
	c, err := openRaw(j)
	return &singleEnd{rawConn: c}, err
}

type singleEnd struct {
	*rawConn
	header  [headerSize]byte
	message []byte // with its header, as TLS needs it
	body    []byte
}

func (e *singleEnd) Send(body []byte) error {
	binary.BigEndian.PutUint64(e.header[:], uint64(len(body)))
	if _, ok := e.conn.(*tls.Conn); ok { // has no writev: one record a message
		e.message = append(append(e.message[:0], e.header[:]...), body...)
		_, err := e.conn.Write(e.message)
		return err
	}
	_, err := (&net.Buffers{e.header[:], body}).WriteTo(e.conn)
	return err
}

func (e *singleEnd) Recv() ([]byte, error) { return recvFrom(e.r, &e.body) }
