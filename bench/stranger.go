package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// strangerName is the contestant that plays the peers of others.
const strangerName = "stranger"

// A stranger is many peers that speak the protocol without a library, so that
// the figures are about the other side alone.
type stranger struct{ inThisProgram }

func (stranger) Name() string      { return strangerName }
func (stranger) Supports(row) bool { return false }

// protocols are what the roles of strangers say they are, by their numbers.
var protocols = map[string]byte{
	"stalled":  0x51, // pull
	"visitors": 0x50, // push
	"stuck":    0x30, // req
	"chorus":   0x63, // respondent
}

// A throng is the connections of a stranger.
type throng struct {
	manyEnds
	conns []*net.TCPConn
}

func (stranger) Open(j job) (end, error) {
	n := j.n
	if j.role() == "stuck" {
		n = 1
	}
	t := &throng{manyEnds{j.url, make(chan struct{})}, make([]*net.TCPConn, n)}
	if err := t.connect(j); err != nil {
		return nil, err
	}
	if j.role() == "stuck" {
		return t, t.ask(j.n)
	}
	return t, nil
}

// connect makes the connections, several at a time.
func (t *throng) connect(j job) error {
	var wg sync.WaitGroup
	const together = 16
	errs := make([]error, together)
	for worker := range together {
		wg.Go(func() {
			for i := worker; i < len(t.conns) && errs[worker] == nil; i += together {
				t.conns[i], errs[worker] = introduce(j)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// introduce connects and shakes hands. A peer that never reads has small
// buffers, so that the other side soon notices.
func introduce(j job) (*net.TCPConn, error) {
	dialer := net.Dialer{}
	if role := j.role(); role == "stalled" || role == "stuck" {
		dialer = narrowDialer
	}
	network, addr := j.network()
	c, err := dialer.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), shakeHands(c, protocols[j.role()])
}

// shakeHands says which protocol this side speaks, and does not mind the other
// side's.
func shakeHands(conn net.Conn, protocol byte) error {
	if _, err := conn.Write([]byte{0, 'S', 'P', 0, 0, protocol, 0, 0}); err != nil {
		return err
	}
	var other [8]byte
	_, err := io.ReadFull(conn, other[:])
	return err
}

// questionSize is that of what a stuck peer asks, and is answered.
const questionSize = 16 << 10

// ask sends requests that keep n workers from ending, where a reply waits for
// the peer, or as many as the other side takes.
func (t *throng) ask(n int) error {
	conn := t.conns[0]
	frame := newBody(headerSize + 4 + questionSize)
	binary.BigEndian.PutUint64(frame, uint64(len(frame)-headerSize))
	for i := range uint32(n + extraRequests) {
		binary.BigEndian.PutUint32(frame[headerSize:], 1<<31|i)
		if err := conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			return err
		}
		if _, err := conn.Write(frame); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	return nil
}

// visit leaves again, all at once.
func visit(p part) (figures, error) {
	time.Sleep(p.warmup) // until the other side has taken in all of them
	for _, c := range p.end.(*throng).conns {
		if err := c.Close(); err != nil {
			return nil, err
		}
	}
	return wait(p)
}

// sing answers every survey.
func sing(p part) (figures, error) {
	for _, c := range p.end.(*throng).conns {
		go func() {
			frame := make([]byte, headerSize+4+p.size)
			for {
				if _, err := io.ReadFull(c, frame); err != nil {
					return // the other side has gone
				}
				if _, err := c.Write(frame); err != nil {
					return
				}
			}
		}()
	}
	return wait(p)
}
