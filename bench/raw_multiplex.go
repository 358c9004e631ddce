package main

import (
	"context"
	"encoding/binary"
	"sync"
)

// A multiplexer has the requests of many workers under way over one end. A
// body begins with the number of its worker.
type multiplexer struct {
	end
	mu      sync.Mutex // of sending
	replies []chan error
	bodies  [][]byte
}

func multiplex(e end, n int) *multiplexer {
	m := &multiplexer{end: e, replies: make([]chan error, n), bodies: make([][]byte, n)}
	for i := range m.replies {
		m.replies[i] = make(chan error, 1)
	}
	return m
}

func (m *multiplexer) Join(ctx context.Context) error {
	if err := m.end.Join(ctx); err != nil {
		return err
	}
	go m.receive()
	return nil
}

// receive hands out the replies until the end is closed.
func (m *multiplexer) receive() {
	for {
		body, err := m.Recv()
		if err != nil {
			for _, reply := range m.replies {
				reply <- err
			}
			return
		}
		worker := binary.BigEndian.Uint64(body)
		m.bodies[worker] = append(m.bodies[worker][:0], body...)
		m.replies[worker] <- nil
	}
}

func (m *multiplexer) Call(worker int, body []byte) ([]byte, error) {
	binary.BigEndian.PutUint64(body, uint64(worker))
	m.mu.Lock()
	err := m.Send(body)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	err = <-m.replies[worker]
	return m.bodies[worker], err
}

// A queuedEnd has a goroutine that writes what has gathered while it wrote.
type queuedEnd struct {
	*rawConn
	wake    chan struct{}
	mu      sync.Mutex // of pending
	pending []byte
	body    []byte
}

func (e *queuedEnd) Join(context.Context) error {
	go e.write()
	return nil
}

// write ends with the process or the connection.
func (e *queuedEnd) write() {
	var batch []byte
	for range e.wake {
		e.mu.Lock()
		batch, e.pending = e.pending, batch[:0]
		e.mu.Unlock()
		if _, err := e.conn.Write(batch); err != nil {
			return // the reader has an error too
		}
	}
}

func (e *queuedEnd) Send(body []byte) error {
	e.mu.Lock()
	e.pending = binary.BigEndian.AppendUint64(e.pending, uint64(len(body)))
	e.pending = append(e.pending, body...)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return nil
}

func (e *queuedEnd) Recv() ([]byte, error) { return recvFrom(e.r, &e.body) }
