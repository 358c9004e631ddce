package itest

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is a slog handler that keeps what is logged.
type recorder struct {
	mu    sync.Mutex
	lines []string
	added chan struct{}
}

func newRecorder() *recorder { return &recorder{added: make(chan struct{})} }

func (r *recorder) logger() *slog.Logger { return textLogger(r) }

// Write implements io.Writer: TextHandler calls it once a record.
func (r *recorder) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(line))
	close(r.added)
	r.added = make(chan struct{})
	return len(line), nil
}

// matching are the lines that have all of the words.
func (r *recorder) matching(words ...string) (found []string, added <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
next:
	for _, line := range r.lines {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found, r.added
}

// want waits for a line that has all of the words, and returns it.
func (r *recorder) want(t testing.TB, words ...string) string {
	t.Helper()
	over := time.After(patience)
	for {
		found, added := r.matching(words...)
		if len(found) > 0 {
			return found[0]
		}
		select {
		case <-added:
		case <-over:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("nothing logged with %q; there is:\n%s", words, strings.Join(r.lines, ""))
		}
	}
}

// textLogger writes each record, of any level, to w in one call.
func textLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
