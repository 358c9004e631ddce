package interop

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// patient are the options of a socket that dials a program which is only
// starting. What becomes of that is in the output of a test that fails.
func patient(t *testing.T) []gonng.SocketOption {
	return []gonng.SocketOption{gonng.WithReconnectTime(10*time.Millisecond, 0), gonng.WithLogger(logTo(t.Output()))}
}

// logTo logs everything, with what is only for those who debug.
func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// recorder keeps what is logged for next.
type recorder struct{ lines chan string }

func newRecorder() *recorder { return &recorder{make(chan string, 1000)} }

func (r *recorder) logger() *slog.Logger { return logTo(r) }

// Write implements io.Writer: TextHandler calls it once a record.
func (r *recorder) Write(line []byte) (int, error) {
	r.lines <- string(line)
	return len(line), nil
}

// next is the next line with that word.
func (r *recorder) next(t *testing.T, word string) string {
	t.Helper()
	over := time.After(gonngtest.Timeout)
	for {
		select {
		case line := <-r.lines:
			if strings.Contains(line, word) {
				return line
			}
		case <-over:
			t.Fatalf("nothing was logged with %q", word)
		}
	}
}
