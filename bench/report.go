package main

import (
	"encoding/json"
	"fmt"
	"sync"
)

// figures are the outcome of a measurement by name of the metric.
type figures map[string]float64

// add adds what another part measured.
func (f figures) add(g figures) {
	for name, v := range g {
		switch old, seen := f[name]; {
		case name == "slowest" && seen:
			f[name] = min(old, v)
		case name == "silence" && seen:
			f[name] = max(old, v)
		default:
			f[name] = old + v
		}
	}
}

// derive works out what only all parts together tell.
func (f figures) derive() {
	if sent := f["sent"]; sent > 0 {
		f["lost"] = 100 * max(0, 1-f["messages"]/sent)
	}
	if n := f["ends"]; n > 0 && f["messages"] > 0 {
		f["share"] = f["slowest"] * n / f["messages"]
		f["each"] = f["rate"] / n
	}
	if accepted, ok := f["accepted"]; ok {
		f["uncounted"] = accepted - f["received"] - f["dropped"]
	}
}

// A report is what a child process tells its parent. The figures of several
// parts add up: "messages" is how many were counted, "sent" how many there
// should have been.
type report struct {
	begun, ended sync.Once
	mu           sync.Mutex
	pending      int // parts that measure and are not done
	total        figures
	quiet        chan struct{} // closed when no more is to be sent
}

// begin is called when the first part begins to measure.
func (r *report) begin() { r.begun.Do(func() { fmt.Println("begin now") }) }

// over is called when the first part is done.
func (r *report) over() { r.ended.Do(func() { fmt.Println("over now") }) }

// add takes the figures of one part. After the last one it prints them all.
func (r *report) add(f figures) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.add(f)
	if r.pending--; r.pending > 0 {
		return nil
	}
	b, err := json.Marshal(r.total)
	if err != nil {
		return err
	}
	fmt.Println("result", string(b))
	return nil
}
