package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progressInterval is so long that drawing disturbs less than one round trip
// in a thousand, if they take less than 250 µs each: p99.9 does not show it.
const progressInterval = 250 * time.Millisecond

// showProgress draws how far the test is, in one line on a terminal, until
// hide is called, which removes it.
func (s *benchSide) showProgress() (hide func()) {
	if s.silent || !isTerminal(s.err) {
		return func() {}
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	start := time.Now()
	draw := func() {
		fmt.Fprint(s.err, "\r"+progressLine(int(s.done.Load()), s.count, time.Since(start))+"\x1b[K")
	}
	draw()
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				draw()
			case <-stop:
				fmt.Fprint(s.err, "\r\x1b[K")
				return
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// progressLine fits into 80 columns.
func progressLine(done, total int, took time.Duration) string {
	const width = 30
	filled := int(int64(done) * width / int64(total))
	line := fmt.Sprintf("[%s%s] %3d %%  %d of %d", strings.Repeat("#", filled), strings.Repeat("-", width-filled),
		int64(done)*100/int64(total), done, total)
	if done > 0 {
		left := time.Duration(float64(took) / float64(done) * float64(total-done))
		line += fmt.Sprintf("  %v left", left.Round(time.Second))
	}
	return line
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
