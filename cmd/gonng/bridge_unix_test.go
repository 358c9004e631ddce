//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng/internal/maintest"
)

// TestBridge: gonng bridge becomes gonng-bridge, with its arguments and its exit code.
func TestBridge(t *testing.T) {
	dir := t.TempDir()
	const script = "#!/bin/sh\necho \"pid $$ $*\"\nexit 7\n"
	if err := os.WriteFile(filepath.Join(dir, "gonng-bridge"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := maintest.Command(t.Context(), "bridge", "--rep", "a b")
	cmd.Env = append(cmd.Env, "PATH="+dir)
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if fields := strings.Fields(string(out)); len(fields) != 5 || strings.Join(fields[2:], " ") != "--rep a b" {
		t.Errorf("it prints %q", out)
	}

	t.Setenv("PATH", t.TempDir())
	got := gonngRun(t, "", "bridge")
	if got.code != exitError || !strings.Contains(got.err, "gonng-bridge is not installed: go install") {
		t.Errorf("without it: %+v", got)
	}
}
