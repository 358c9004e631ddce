package main

import (
	"encoding/binary"
	"net"
)

// rawSingle does one system call a message, which is what most libraries do.
type rawSingle struct{ inThisProgram }

func (rawSingle) Name() string { return "raw one write a message" }

// Supports leaves out a ping-pong, in which a batch is one message anyway.
func (rawSingle) Supports(r row) bool { return r.pattern == pushPull && r.transport != "inproc" }

func (rawSingle) Open(j job) (end, error) {
	c, err := openRaw(j)
	return &singleEnd{rawConn: c}, err
}

type singleEnd struct {
	*rawConn
	header [headerSize]byte
	body   []byte
}

func (e *singleEnd) Send(body []byte) error {
	binary.BigEndian.PutUint64(e.header[:], uint64(len(body)))
	_, err := (&net.Buffers{e.header[:], body}).WriteTo(e.conn)
	return err
}

func (e *singleEnd) Recv() ([]byte, error) { return recvFrom(e.r, &e.body) }
