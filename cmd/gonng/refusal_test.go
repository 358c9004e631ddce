package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// refusal is how a run ends that cannot begin.
type refusal struct {
	code int
	err  string // what is in there
}

// checkRefused runs the subcommand with the arguments of each line.
func checkRefused(t *testing.T, subcommand string, lines map[string]refusal) {
	for line, want := range lines {
		t.Run(line, func(t *testing.T) {
			got := gonngRun(t, "", append([]string{subcommand}, words(line)...)...)
			if got.code != want.code {
				t.Errorf("exit code %d, want %d", got.code, want.code)
			}
			checkContains(t, "stdout", got.out, "")
			checkContains(t, "stderr", got.err, "gonng "+subcommand+": ")
			checkContains(t, "stderr", got.err, want.err)
		})
	}
}

// checkHelp looks for a word of each row in the usage.
func checkHelp[T any](t *testing.T, subcommand string, rows []T, word func(T) string, args ...string) {
	t.Helper()
	got := gonngRun(t, "", append([]string{subcommand}, args...)...)
	if got.code != exitOK || got.err != "" {
		t.Errorf("got %+v", got)
	}
	for _, row := range rows {
		checkContains(t, "the usage", got.out, word(row))
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// checkBrokenOutput runs what must fail when it cannot print.
func checkBrokenOutput(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr strings.Builder
	code := run(ctx, args, nil, brokenWriter{}, &stderr)
	if code != exitError || !strings.Contains(stderr.String(), "cannot write to the standard output: disk full") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}
