package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// surveyRaw is a fan that is answered.
func surveyRaw(j job) (end, error) {
	e, err := fanRaw(j)
	if err != nil {
		return nil, err
	}
	f := e.(*fan)
	accept := f.accept
	f.accept = func(ctx context.Context) (end, error) {
		e, err := accept(ctx)
		if err != nil {
			return nil, err
		}
		return e, shakeHands(e.(*batchedEnd).conn, 0)
	}
	return &rawSurveyor{fan: f}, nil
}

type rawSurveyor struct {
	*fan
	frame []byte
}

// Survey sends the same frames as a surveyor does, with a number, and waits
// for one connection after the other.
func (s *rawSurveyor) Survey(body []byte, _ int) error {
	s.frame = append(binary.BigEndian.AppendUint32(s.frame[:0], 1<<31), body...)
	if err := s.Send(s.frame); err != nil {
		return err
	}
	if err := s.Flush(); err != nil {
		return err
	}
	for _, e := range s.ends {
		if got, err := e.Recv(); err != nil || len(got) != len(s.frame) {
			return fmt.Errorf("an answer of %d bytes: %w", len(got), err)
		}
	}
	return nil
}

// A rawDoor has a goroutine for each connection.
type rawDoor struct {
	manyEnds
	ln net.Listener
}

func openDoor(j job) (end, error) {
	ln, err := listenRaw(j)
	if err != nil {
		return nil, err
	}
	return &rawDoor{manyEnds{j.urlOf(ln), make(chan struct{})}, ln}, nil
}

func (d *rawDoor) Watch(came, went func()) {
	go func() {
		for {
			conn, err := d.ln.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer conn.Close()
				if shakeHands(conn, 0) != nil {
					return // then the figure never comes
				}
				came()
				_, _ = io.Copy(io.Discard, conn) // ends when the peer leaves
				went()
			}()
		}
	}()
}
