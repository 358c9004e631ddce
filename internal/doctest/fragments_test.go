//go:build linux

package doctest

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// imported are the packages that a fragment may use.
var imported = []string{
	"bytes", "context", "crypto/tls", "encoding/json", "errors", "expvar", "fmt", "log", "log/slog", "net", "net/http", "os",
	"os/signal", "strings", "sync", "syscall", "testing", "time",
	"github.com/gonng/gonng", "github.com/gonng/gonng/gonngtest", "github.com/gonng/gonng/monitor",
	"github.com/gonng/gonng/rpc", "github.com/gonng/gonng/spjs", "github.com/gonng/gonng/transport",
}

// prelude are the variables that a fragment may use.
const prelude = `
var (
	ctx                       context.Context
	url                       string
	body                      []byte
	buf                       []byte
	err                       error
	socket                    gonng.Socket
	pair                      *gonng.Pair0
	poly                      *gonng.Pair1
	req                       *gonng.Req0
	rep                       *gonng.Rep0
	pub                       *gonng.Pub0
	sub                       *gonng.Sub0
	push                      *gonng.Push0
	pull                      *gonng.Pull0
	surveyor                  *gonng.Surveyor0
	respondent                *gonng.Respondent0
	bus                       *gonng.Bus0
	listener                  *gonng.Listener
	dialer                    *gonng.Dialer
	config                    *tls.Config
	mux                       *http.ServeMux
	work                      func(context.Context, []byte) ([]byte, error)
	handler                   gonng.Handler
	signedIn                  func(http.Handler) http.Handler
)
`

// TestPageFragments type-checks the blocks of Go that are neither a program nor a test.
func TestPageFragments(t *testing.T) {
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", exportData(t))
	checked := 0
	for i, b := range blocksOf(t, "go") {
		if strings.HasPrefix(b.text, "package ") {
			continue
		}
		checked++
		var head strings.Builder
		head.WriteString("package p\n")
		for _, pkg := range imported {
			fmt.Fprintf(&head, "import %q\n", pkg)
		}
		head.WriteString(prelude)
		line := fmt.Sprintf("//line %s:%d\n", b.page, b.line)
		file, err := parser.ParseFile(fset, fmt.Sprint("declarations", i), head.String()+line+b.text, parser.SkipObjectResolution)
		if err != nil {
			text := head.String() + "func fragment() error {\n" + line + b.text + "\nreturn nil\n}\n"
			if file, err = parser.ParseFile(fset, fmt.Sprint("body", i), text, parser.SkipObjectResolution); err != nil {
				t.Error(err)
				continue
			}
		}
		// A fragment need not use what it declares: those errors are soft.
		config := types.Config{Importer: imports, Error: func(err error) {
			if typeError := (types.Error{}); !errors.As(err, &typeError) || !typeError.Soft {
				t.Error(err)
			}
		}}
		_, _ = config.Check("p", fset, []*ast.File{file}, nil)
	}
	if checked == 0 {
		t.Error("the pages have no fragments")
	}
}

// exportData finds the export data of what fragments import, which the go command keeps.
func exportData(t *testing.T) importer.Lookup {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Export"}, imported...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(t, err)
	files := make(map[string]string)
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var pkg struct{ ImportPath, Export string }
		check(t, d.Decode(&pkg))
		files[pkg.ImportPath] = pkg.Export
	}
	return func(pkg string) (io.ReadCloser, error) {
		if file := files[path.Clean(pkg)]; file != "" {
			return os.Open(file)
		}
		return nil, fmt.Errorf("no export data of %s", pkg)
	}
}
