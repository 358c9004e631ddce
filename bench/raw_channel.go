package main

import (
	"context"
	"net"
	"strings"
	"sync"
)

func isInproc(url string) bool { return strings.HasPrefix(url, "inproc://") }

// channels are the inproc addresses in use: at each, the ends that those who
// have dialled left for the one who listens.
type channels struct {
	mu    sync.Mutex
	byURL map[string]chan *channelEnd
}

func (cs *channels) at(url string) chan *channelEnd {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byURL == nil {
		cs.byURL = map[string]chan *channelEnd{}
	}
	if cs.byURL[url] == nil {
		cs.byURL[url] = make(chan *channelEnd, 64)
	}
	return cs.byURL[url]
}

// open is one of two ends.
func (cs *channels) open(j job) end {
	visitors := cs.at(j.url)
	if j.listens() {
		return &channelEnd{url: j.url, visitors: visitors, done: make(chan struct{})}
	}
	// About as much in flight as a socket holds.
	depth := min(max(1<<20/j.size, 4), 128)
	to, fro := make(chan []byte, depth), make(chan []byte, depth)
	visitors <- newChannelEnd(j.url, to, fro)
	return newChannelEnd(j.url, fro, to)
}

// fan is the end of all that dial.
func (cs *channels) fan(j job) end {
	visitors := cs.at(j.url)
	accept := func(ctx context.Context) (end, error) {
		select {
		case e := <-visitors:
			return e, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &fan{url: j.url, ends: make([]end, j.peers), accept: accept, close: func() error { return nil }}
}

// A channelEnd is one side of a pair of Go channels.
type channelEnd struct {
	url      string
	visitors chan *channelEnd // nil on the side that dials
	in, out  chan []byte
	done     chan struct{}
	// ring holds the bodies. Two more than the channel: when a send has
	// completed, every message but those in the channel was received, and
	// only the last of them may still be in use.
	ring [][]byte
	next int
}

func newChannelEnd(url string, in, out chan []byte) *channelEnd {
	ring := make([][]byte, cap(out)+2)
	return &channelEnd{url: url, in: in, out: out, done: make(chan struct{}), ring: ring}
}

func (e *channelEnd) URL() string { return e.url }

func (e *channelEnd) Join(ctx context.Context) error {
	if e.visitors == nil {
		return nil
	}
	select {
	case other := <-e.visitors:
		e.in, e.out, e.ring = other.in, other.out, other.ring
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send copies the body, as everything must that gives the slice back.
func (e *channelEnd) Send(body []byte) error {
	slot := &e.ring[e.next]
	if e.next++; e.next == len(e.ring) {
		e.next = 0
	}
	*slot = append((*slot)[:0], body...)
	select { // a select of one case is far cheaper than one of two
	case e.out <- *slot:
		return nil
	default:
	}
	select {
	case e.out <- *slot:
		return nil
	case <-e.done:
		return net.ErrClosed
	}
}

func (e *channelEnd) Recv() ([]byte, error) {
	select {
	case body := <-e.in:
		return body, nil
	default:
	}
	select {
	case body := <-e.in:
		return body, nil
	case <-e.done:
		return nil, net.ErrClosed
	}
}

func (e *channelEnd) Close() error {
	close(e.done)
	return nil
}
