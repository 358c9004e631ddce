package main

import (
	"bytes"
	"encoding/binary"
)

// newBody writes to every byte: memory that was never written is one page of
// zeros, which no cache ever misses.
func newBody(size int) []byte { return bytes.Repeat([]byte{'x'}, size) }

// numberSize is that of the number in a message. A smaller one has none.
const numberSize = 8

// flood sends for ever; each message begins with its number.
func flood(p part) (figures, error) {
	body := newBody(p.size)
	for n := uint64(1); ; n++ {
		if len(body) >= numberSize {
			binary.BigEndian.PutUint64(body, n)
		}
		if err := p.Send(body); err != nil {
			return nil, err
		}
	}
}

// echo answers every request with itself.
func echo(p part) (figures, error) {
	for {
		body, err := p.Recv()
		if err != nil {
			return nil, err
		}
		if err := p.Send(body); err != nil {
			return nil, err
		}
	}
}

// sink receives for ever.
func sink(p part) (figures, error) {
	for {
		if _, err := p.Recv(); err != nil {
			return nil, err
		}
	}
}

// wait is for an end that works by itself.
func wait(p part) (figures, error) {
	_, err := p.Recv()
	return nil, err
}
