package main

import (
	"encoding/json"
	"fmt"
	"sync"
)

// figures are the outcome of a measurement by name of the metric.
type figures map[string]float64

// A report is what a child process tells its parent. The figures of several
// parts add up: "messages" is how many were counted, "sent" how many there
// should have been.
type report struct {
	begun, ended sync.Once
	mu           sync.Mutex
	pending      int // parts that measure and are not done
	total        figures
}

// begin is called when the first part begins to measure.
func (r *report) begin() { r.begun.Do(func() { fmt.Println("begin now") }) }

// over is called when the first part is done.
func (r *report) over() { r.ended.Do(func() { fmt.Println("over now") }) }

// add takes the figures of one part. After the last one it prints them all.
func (r *report) add(f figures) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, v := range f {
		r.total[name] += v
	}
	if r.pending--; r.pending > 0 {
		return nil
	}
	if sent, ok := r.total["sent"]; ok {
		r.total["lost"] = 100 * max(0, 1-r.total["messages"]/sent)
	}
	b, err := json.Marshal(r.total)
	if err != nil {
		return err
	}
	fmt.Println("result", string(b))
	return nil
}
