package main

import "testing"

// TestUsageIsOfAMessage divides what all processes used between two samples.
func TestUsageIsOfAMessage(t *testing.T) {
	u := newUsage()
	a, b := new(process), new(process)
	for _, said := range []struct {
		p *process
		n string
	}{{a, "100"}, {b, "7"}, {a, "150"}, {b, "7"}} {
		u.asked++
		if err := u.addMallocs(said.p, said.n); err != nil {
			t.Fatal(err)
		}
	}
	f := figures{"messages": 25}
	u.addTo(f)
	if f["allocs"] != 2 || !u.complete() {
		t.Errorf("%v allocations a message, want 2", f["allocs"])
	}
	if _, known := f["cpu"]; known {
		t.Error("CPU time that nobody took")
	}
}
