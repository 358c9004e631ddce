package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gonng/gonng"
)

// Throughput is measured by the receiver. The sender begins with an empty
// message, which starts the clock, and at the end gets one, which tells it that
// everything has arrived. nng's sender sends a message more than it was told
// to: it is not waited for.

// measureThroughput receives all messages and reports how long that took.
func measureThroughput(s *benchSide) error {
	if err := s.expectEmpty(s.ctx); err != nil {
		return err
	}
	hide := s.showProgress()
	took, err := s.recvAll()
	hide()
	if err != nil {
		return err
	}
	// nanomsg's sender has left by now, and does not want to know.
	if err := s.socket.Send(s.ctx, nil); err == nil {
		s.farewell()
	}
	return s.reportThroughput(took)
}

func (s *benchSide) recvAll() (elapsed, error) {
	start := now()
	for range s.count {
		if err := s.recv(); err != nil {
			return elapsed{}, err
		}
		s.done.Add(1)
	}
	return start.until(time.Now()), nil
}

// sendAll sends all messages and waits until they have arrived.
func sendAll(s *benchSide) error {
	if !s.mode.bothSides() { // else the other side shows it
		defer s.showProgress()()
	}
	if err := s.socket.Send(s.ctx, nil); err != nil {
		return s.explain(err)
	}
	for range s.count {
		if err := s.send(); err != nil {
			return err
		}
		s.done.Add(1)
	}
	err := s.confirmed()
	if errors.Is(err, errPeerLeft) && s.pair0 {
		return nil // nanomsg's receiver confirms nothing
	}
	return err
}

// confirmTimeout is how long the sender waits for the confirmation once nothing
// more leaves this process. nng's sender waits for as long.
const confirmTimeout = 5 * time.Second

func (s *benchSide) confirmed() error {
	for queued := s.queued(); ; {
		ctx, cancel := context.WithTimeout(s.ctx, confirmTimeout)
		err := s.expectEmpty(ctx)
		cancel()
		if s.ctx.Err() != nil || !errors.Is(err, gonng.ErrTimeout) {
			return err
		}
		before := queued
		if queued = s.queued(); queued == before {
			return fmt.Errorf("the other side did not confirm within %v that %d messages have arrived: it must run %s with the same count",
				confirmTimeout, s.count, s.mode.partner())
		}
	}
}

// queued is how many messages are still to be written.
func (s *benchSide) queued() (n int) {
	for _, p := range s.socket.Pipes() {
		n += p.Stats().SendQueue
	}
	return n
}

// expectEmpty receives the empty message that begins the test or ends it.
func (s *benchSide) expectEmpty(ctx context.Context) error {
	m, err := s.next(ctx)
	if err != nil {
		return s.explain(err)
	}
	defer m.Free()
	if n := len(m.Bytes()); n > 0 {
		return fmt.Errorf("a message of %d bytes arrived, not an empty one: the other side must run %s", n, s.mode.partner())
	}
	return nil
}
