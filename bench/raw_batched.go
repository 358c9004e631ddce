package main

import (
	"bufio"
	"context"
	"encoding/binary"
)

// rawBatched is the limit: as many messages as fit in each write and each
// read, and nothing else done with them. Within one process it is a channel.
type rawBatched struct {
	inThisProgram
	channels channels
}

func (*rawBatched) Name() string { return limit }

func (*rawBatched) Supports(r row) bool { return r.transport != "ws" }

func (b *rawBatched) Open(j job) (end, error) {
	if isInproc(j.url) {
		return b.channels.open(j), nil
	}
	c, err := openRaw(j)
	return &batchedEnd{rawConn: c}, err
}

type batchedEnd struct {
	*rawConn
	w    *bufio.Writer
	body []byte // where a message larger than the buffer is put together
}

func (e *batchedEnd) Join(ctx context.Context) error {
	if err := e.rawConn.Join(ctx); err != nil {
		return err
	}
	e.w = bufio.NewWriterSize(e.conn, bufferSize)
	return nil
}

func (e *batchedEnd) Send(body []byte) error {
	if e.w.Available() < headerSize {
		if err := e.w.Flush(); err != nil {
			return err
		}
	}
	header := binary.BigEndian.AppendUint64(e.w.AvailableBuffer(), uint64(len(body)))
	if _, err := e.w.Write(header); err != nil {
		return err
	}
	_, err := e.w.Write(body)
	return err
}

func (e *batchedEnd) Recv() ([]byte, error) {
	// What the other side has to answer must be on its way.
	if e.w.Buffered() > 0 {
		if err := e.w.Flush(); err != nil {
			return nil, err
		}
	}
	return recvFrom(e.r, &e.body)
}
