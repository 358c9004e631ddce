package main

import (
	"bytes"
	"os"
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	for _, test := range []struct {
		done, total int
		want        string
	}{
		{0, 10, "[------------------------------]   0 %  0 of 10"},
		{1, 3, "[##########--------------------]  33 %  1 of 3  6s left"},
		{10, 10, "[##############################] 100 %  10 of 10  0s left"},
	} {
		if got := progressLine(test.done, test.total, 3*time.Second); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if n := len(progressLine(benchLimit-1, benchLimit, 30*24*time.Hour)); n >= 80 {
		t.Errorf("it has up to %d characters", n)
	}
}

// A file is no terminal, and a buffer neither.
func TestNoProgress(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) || isTerminal(new(bytes.Buffer)) {
		t.Error("taken for a terminal")
	}
}
