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

// Supports leaves out what a channel has not got: connections.
func (*rawBatched) Supports(r row) bool {
	if r.transport == "inproc" {
		return r.pattern != idle && r.pattern != connecting
	}
	return r.transport != "ws"
}

func (b *rawBatched) Open(j job) (end, error) {
	inproc := isInproc(j.url)
	switch role := j.role(); {
	case role == "pub" && inproc:
		return b.channels.fan(j), nil
	case role == "pub":
		return fanRaw(j)
	case role == "publish":
		return fanRaw(j)
	case role == "survey":
		return surveyRaw(j)
	case role == "door":
		return openDoor(j)
	case role == "greet" || role == "hold":
		return openVisited(j)
	case inproc:
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
	// What the other side has to answer must be on its way, unless there
	// is more to answer first.
	if e.w.Buffered() > 0 && !hasMessage(e.r) {
		if err := e.w.Flush(); err != nil {
			return nil, err
		}
	}
	return recvFrom(e.r, &e.body)
}

func (e *batchedEnd) Flush() error { return e.w.Flush() }

// hasMessage reports whether a message can be read without waiting.
func hasMessage(r *bufio.Reader) bool {
	if r.Buffered() < headerSize {
		return false
	}
	header, _ := r.Peek(headerSize) // buffered: it is there
	return uint64(r.Buffered()-headerSize) >= binary.BigEndian.Uint64(header)
}
