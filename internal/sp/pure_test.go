package sp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// impure are packages that would bring in a lock, a wait, I/O or a logger, or
// make a run depend on something else than its input.
var impure = []string{
	"context", "crypto/rand", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "runtime",
	"sync", "sync/atomic", "syscall", "golang.org/x/sys/unix",
	"github.com/gonng/gonng", "github.com/gonng/gonng/internal/stream", "github.com/gonng/gonng/transport",
}

// clock is what package time has beside types and constants: time comes in as an
// argument.
var clock = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

// TestPure: the state machines have no lock, goroutine, timer, I/O or logger.
func TestPure(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	read := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, e.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, fault := range impurities(file) {
			t.Errorf("%s: %s", files.Position(fault.at), fault.what)
		}
	}
	if read == 0 {
		t.Error("there are no files to read")
	}
}

// fault is something that a state machine must not have.
type fault struct {
	at   token.Pos
	what string
}

func impurities(file *ast.File) (faults []fault) {
	for _, spec := range file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); slices.Contains(impure, path) {
			faults = append(faults, fault{spec.Pos(), "imports " + path})
		} else if path == "time" && spec.Name != nil {
			faults = append(faults, fault{spec.Pos(), "imports time by another name"})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			faults = append(faults, fault{n.Pos(), "starts a goroutine"})
		case *ast.ChanType:
			faults = append(faults, fault{n.Pos(), "has a channel"})
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
				faults = append(faults, fault{n.Pos(), "uses time." + n.Sel.Name})
			}
		}
		return true
	})
	return faults
}

// TestPureFindsFaults: the test above sees what it is for.
func TestPureFindsFaults(t *testing.T) {
	const source = `package p
import ("sync"; "time")
var mu sync.Mutex
var c chan int
func f() { go f(); time.Sleep(time.Second) }`
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if faults := impurities(file); len(faults) != 4 {
		t.Errorf("found %v, want a lock, a channel, a goroutine and a sleep", faults)
	}
}
