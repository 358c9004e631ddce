package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// hold takes what the process has grown by when the connections of a crowd are
// idle. They are made one after the other, so a message over the last one says
// that all are there; to become idle they have the time of a measurement.
func hold(p part) (figures, error) {
	p.report.begin()
	for range p.messages {
		if _, err := p.Recv(); err != nil {
			return nil, err
		}
	}
	p.report.over()
	time.Sleep(p.duration)
	n := float64(p.connections)
	after := takeMemory()
	f := figures{
		"messages":   n,
		"heap":       (after.heap - p.before.heap) / n,
		"goroutines": (after.goroutines - p.before.goroutines) / n,
	}
	if after.resident > 0 {
		f["resident"] = (after.resident - p.before.resident) / n
	}
	return f, nil
}

// crowd makes the connections, each with a socket of its own.
func crowd(p part) (figures, error) {
	body := newBody(p.size)
	ends := make([]end, p.connections)
	for i := range ends {
		e, err := p.host.Open(p.as("push", p.url))
		if err != nil {
			return nil, err
		}
		if err := e.Join(context.Background()); err != nil {
			return nil, err
		}
		ends[i] = e
		if len(ends)-i > p.messages {
			continue
		}
		if err := e.Send(body); err != nil {
			return nil, err
		}
		if f, ok := e.(flusher); ok {
			if err := f.Flush(); err != nil {
				return nil, err
			}
		}
	}
	f, err := wait(p)
	runtime.KeepAlive(ends)
	return f, err
}

// A flusher may hold back what it sends.
type flusher interface{ Flush() error }

// memory is what a process uses.
type memory struct {
	heap       float64 // and stacks, in bytes
	resident   float64 // in bytes, 0 where the system does not say
	goroutines float64
}

// takeMemory collects all garbage first.
func takeMemory() memory {
	runtime.GC() // twice: the first only retires what pools hold
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{
		heap:       float64(m.HeapInuse + m.StackInuse),
		resident:   residentBytes(),
		goroutines: float64(runtime.NumGoroutine()),
	}
}

func residentBytes() float64 {
	fields := strings.Fields(firstLine("/proc/self/statm"))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return float64(pages) * float64(os.Getpagesize())
}
