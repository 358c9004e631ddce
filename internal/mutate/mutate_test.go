package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestTable: each promise of docs/architecture.md has a mutation, and each mutation finds its
// text and leaves a Go file.
func TestTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n## Promises\n")
	rows, _, _ := strings.Cut(rest, "\n## ")
	promised := 0
	broken := make(map[string]bool)
	for _, m := range mutations {
		broken[m.promise] = true
	}
	for row := range strings.SplitSeq(rows, "\n") {
		cells := strings.Split(row, " | ")
		promise := strings.TrimPrefix(cells[0], "| ")
		if len(cells) != 3 || promise == "promise" || strings.HasPrefix(promise, ":") {
			continue
		}
		promised++
		if !broken[promise] {
			t.Errorf("no mutation breaks the promise %q", promise)
		}
	}
	if promised < 60 {
		t.Errorf("only %d promises were found", promised)
	}
	for _, m := range mutations {
		text, err := m.apply(root)
		if err != nil {
			t.Error(err)
		} else if _, err := format.Source(text); err != nil && filepath.Ext(m.file) == ".go" {
			t.Errorf("%s: %v", m.promise, err)
		}
	}
}

// TestSample: a mutation is killed, and one that breaks nothing is not.
func TestSample(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	sample := map[string]bool{"TestTurns": true}
	for _, m := range mutations {
		if sample[m.test] {
			if err := m.check(root); err != nil {
				t.Errorf("%s: %v", m.promise, err)
			}
		}
	}
	harmless := mutation{file: "internal/sp/balance.go", old: "b.peers++", new: "b.peers += 1", pkg: "internal/sp", test: "TestTurns"}
	if err := harmless.check(root); err == nil || err.Error() != "the test passes" {
		t.Errorf("a mutation that breaks nothing: %v", err)
	}
	missing := mutation{file: "internal/sp/balance.go", old: "b.peers++", new: "b.peers += 1", pkg: "internal/sp", test: "TestNone"}
	if err := missing.check(root); err == nil || !strings.Contains(err.Error(), "has no test") {
		t.Errorf("a test that is missing: %v", err)
	}
}
