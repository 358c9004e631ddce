package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The first lines are word for word those of nng's tools, so that what reads
// those reads these.

func (s *benchSide) reportLatency(trips *histogram, took elapsed) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "total time: %.3f [s]\n", took.wall.Seconds())
	fmt.Fprintf(&b, "message size: %d [B]\n", s.size)
	fmt.Fprintf(&b, "round trip count: %d\n", s.count)
	fmt.Fprintf(&b, "average latency: %.3f [us]\n", micro(took.wall)/float64(2*s.count))
	took.writeCPU(&b)
	fmt.Fprintf(&b, "round trip p50: %.3f [us]\n", micro(trips.quantile(0.5)))
	fmt.Fprintf(&b, "round trip p99: %.3f [us]\n", micro(trips.quantile(0.99)))
	fmt.Fprintf(&b, "round trip p99.9: %.3f [us]\n", micro(trips.quantile(0.999)))
	fmt.Fprintf(&b, "round trip max: %.3f [us]\n", micro(trips.max))
	trips.write(&b)
	return s.print(&b)
}

func (s *benchSide) reportThroughput(took elapsed) error {
	perSecond := float64(s.count) / took.wall.Seconds()
	var b bytes.Buffer
	fmt.Fprintf(&b, "total time: %.3f [s]\n", took.wall.Seconds())
	fmt.Fprintf(&b, "message size: %d [B]\n", s.size)
	fmt.Fprintf(&b, "message count: %d\n", s.count)
	fmt.Fprintf(&b, "throughput: %.f [msg/s]\n", perSecond)
	fmt.Fprintf(&b, "throughput: %.3f [Mb/s]\n", perSecond*8*float64(s.size)/(1<<20)) // nng's megabit
	took.writeCPU(&b)
	return s.print(&b)
}

func (s *benchSide) print(report *bytes.Buffer) error {
	_, err := report.WriteTo(s.out)
	return outputError(err)
}

// writeCPU writes what this process has used, where the platform tells.
func (e elapsed) writeCPU(w io.Writer) {
	if e.cpu > 0 {
		fmt.Fprintf(w, "cpu time: %.3f [s]\n", e.cpu.Seconds())
	}
}

// write draws a bar a row. A row that has something has at least a dot.
func (h *histogram) write(w io.Writer) {
	const width = 40
	rows := h.rows()
	var most uint64
	for _, r := range rows {
		most = max(most, r.n)
	}
	fmt.Fprint(w, "\n       round trip [us]      count\n")
	for _, r := range rows {
		bar := strings.Repeat("#", int(r.n*width/most))
		if bar == "" && r.n > 0 {
			bar = "."
		}
		line := fmt.Sprintf("%10s to %-9s %10d  %s", tidy(r.low), tidy(r.high), r.n, bar)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// tidy is in microseconds, without zeros at the end or an exponent.
func tidy(d time.Duration) string { return strconv.FormatFloat(micro(d), 'f', -1, 64) }

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
