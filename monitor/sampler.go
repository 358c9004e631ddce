package monitor

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	samplePause  = time.Second
	sampledPipes = 50 // pipes of each socket in a sample; snapshot.json has pages of all
	writeTimeout = 10 * time.Second
)

// sampler takes a sample each second while somebody looks, for all who look.
type sampler struct {
	watch watch

	mu      sync.Mutex
	viewers map[chan []byte]struct{}
	last    []byte        // the last sample, for a viewer that comes
	stop    chan struct{} // closed when the last viewer has gone; nil: no goroutine samples
}

// join adds a viewer. The first one starts the sampling.
func (s *sampler) join() chan []byte {
	samples := make(chan []byte, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		s.viewers, s.last, s.stop = make(map[chan []byte]struct{}), nil, make(chan struct{})
		go s.run(s.stop)
	} else if s.last != nil {
		samples <- s.last
	}
	s.viewers[samples] = struct{}{}
	return samples
}

// leave is the end of join.
func (s *sampler) leave(samples chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, samples)
	if len(s.viewers) == 0 {
		close(s.stop)
		s.stop = nil
	}
}

// run samples until the last viewer has gone.
func (s *sampler) run(stop chan struct{}) {
	tick := time.NewTicker(samplePause)
	defer tick.Stop()
	for {
		sample := s.watch.take(page{limit: sampledPipes, worstFirst: true})
		data, err := json.Marshal(sample)
		if err != nil {
			panic("monitor: " + err.Error()) // every field can be marshaled
		}
		s.mu.Lock()
		if s.stop == stop {
			s.last = data
			for v := range s.viewers {
				select {
				case <-v: // a viewer that is slow gets the newest only
				default:
				}
				v <- data
			}
		}
		s.mu.Unlock()
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// serve sends what has happened, and the samples, until the viewer goes.
func (s *sampler) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	out := http.NewResponseController(w)
	send := func(name string, data []byte) error {
		out.SetWriteDeadline(time.Now().Add(writeTimeout)) // a server that cannot has its own bound, or none
		for _, part := range [][]byte{[]byte("event: " + name + "\ndata: "), data, []byte("\n\n")} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	samples := s.join()
	defer s.leave(samples)
	var seen uint64
	for {
		select {
		case <-r.Context().Done():
			return
		case sample := <-samples:
			list, last := events(seen)
			if len(list) > 0 {
				data, err := json.Marshal(list)
				if err != nil || send("happened", data) != nil {
					return
				}
				seen = last
			}
			if send("sample", sample) != nil {
				return
			}
		}
	}
}
