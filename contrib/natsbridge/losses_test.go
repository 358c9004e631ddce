package natsbridge

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLosses: the first loss is logged at once, those of the next second with one line, and
// the last ones when the bridge ends.
func TestLosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := losses{log: slog.New(slog.NewTextHandler(&out, nil))}
		for range 3 {
			l.add(errors.New("why"))
		}
		time.Sleep(time.Second)
		for range 5 {
			l.add(errors.New("why"))
		}
		l.tell()
		l.tell()
		var got []string
		for line := range strings.Lines(out.String()) {
			_, count, _ := strings.Cut(line, "messages=")
			got = append(got, strings.TrimSpace(count))
		}
		if text := strings.Join(got, ", "); text != "1 error=why, 3 error=why, 4 error=why" {
			t.Errorf("logged is %s", text)
		}
	})
}
