package metrics

import (
	"reflect"
	"testing"
)

// TestAllCounters: each field of the statistics moves a metric.
func TestAllCounters(t *testing.T) {
	moves(t, Socket())
	moves(t, Pipe())
}

func moves[S any](t *testing.T, list []Metric[S]) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[S]()) {
		if f.Anonymous {
			continue
		}
		stats := new(S)
		switch v := reflect.ValueOf(stats).Elem().FieldByIndex(f.Index); {
		case v.CanInt():
			v.SetInt(7)
		default:
			v.SetUint(7)
		}
		moved := 0
		for _, m := range list {
			if m.Of(stats) == 7 {
				moved++
			}
		}
		if moved != 1 {
			t.Errorf("%T.%s moves %d metrics, want 1", *stats, f.Name, moved)
		}
	}
}

func TestURL(t *testing.T) {
	for raw, want := range map[string]string{
		"tcp://host:1":               "tcp://host:1",
		"ws://user:secret@host/p":    "ws://user:xxxxx@host/p",
		"ws://host/p?token=secret":   "ws://host/p?…",
		"ws://user:secret@ho st/?x=": "unreadable",
	} {
		if got := URL(raw); got != want {
			t.Errorf("%s becomes %s, want %s", raw, got, want)
		}
	}
}
