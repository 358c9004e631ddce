package main

import "time"

// echoAll sends back each message.
func echoAll(s *benchSide) error {
	if err := s.socket.WaitPeers(s.ctx, 1); err != nil {
		return s.explain(err)
	}
	if !s.mode.bothSides() { // else the other side shows it
		defer s.showProgress()()
	}
	for range s.count {
		if err := s.recv(); err != nil {
			return err
		}
		if err := s.send(); err != nil {
			return err
		}
		s.done.Add(1)
	}
	s.farewell()
	return nil
}

// measureLatency sends a message to and fro and reports how long that took.
func measureLatency(s *benchSide) error {
	hide := s.showProgress()
	trips, took, err := s.roundTrips()
	hide()
	if err != nil {
		return err
	}
	s.close() // the other side is waiting for that
	return s.reportLatency(trips, took)
}

// roundTrips looks at the clock once a round trip: each begins when the one
// before has ended.
func (s *benchSide) roundTrips() (*histogram, elapsed, error) {
	trips := new(histogram)
	start := now()
	last := start.wall
	for range s.count {
		if err := s.send(); err != nil {
			return nil, elapsed{}, err
		}
		if err := s.recv(); err != nil {
			return nil, elapsed{}, err
		}
		end := time.Now()
		trips.add(end.Sub(last))
		last = end
		s.done.Add(1)
	}
	return trips, start.until(last), nil
}
