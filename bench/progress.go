package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells where a run is, in one line on a terminal.
type progress struct {
	w              io.Writer
	prefix, suffix string
	cells, total   int
	rounds         int
	begun          time.Time
}

func newProgress(f *os.File, p plan, rounds int) *progress {
	pr := &progress{w: f, suffix: "\n", rounds: rounds, begun: time.Now()}
	for round := range rounds {
		pr.total += len(p.cells(round))
	}
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		pr.prefix, pr.suffix = "\r\x1b[K", ""
	}
	return pr
}

// done notes the end of one cell.
func (pr *progress) done(c cell, round int, f figures, err error) {
	pr.cells++
	m := c.row.pattern.metrics[0]
	said := m.name + " " + m.format(f[m.name])
	if err != nil {
		said = "failed: " + err.Error()
	}
	left := time.Since(pr.begun) / time.Duration(pr.cells) * time.Duration(pr.total-pr.cells)
	fmt.Fprintf(pr.w, "%s[%d/%d, %v left] round %d of %d: %s, %s, %s: %s%s", pr.prefix, pr.cells, pr.total,
		left.Round(time.Second), round+1, pr.rounds, c.row, c.row.transport, c.contestant.Name(), said, pr.suffix)
}

// end leaves the terminal on a line of its own.
func (pr *progress) end() { fmt.Fprint(pr.w, pr.prefix) }
