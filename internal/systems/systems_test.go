package systems

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSystems type-checks all packages and their tests for other systems, and what a program
// in a browser can use. The standard library is read from source: to compile it for each
// system would take minutes.
func TestSystems(t *testing.T) {
	// go test keeps the result while no file and no folder that the test has opened changes.
	if err := fs.WalkDir(os.DirFS("../.."), ".", func(string, fs.DirEntry, error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, system := range []struct {
		os, arch string
		packages []string
	}{
		{"windows", "amd64", []string{"./..."}},
		{"darwin", "arm64", []string{"./..."}},
		{"freebsd", "amd64", []string{"./..."}},
		{"linux", "386", []string{"./..."}},
		{"js", "wasm", []string{".", "./transport/...", "./gonngtest", "./internal/itest", "./rpc", "./spjs", "./examples/wasm"}},
	} {
		t.Run(system.os+"/"+system.arch, func(t *testing.T) {
			t.Parallel()
			c := checker{fset: token.NewFileSet(), sizes: types.SizesFor("gc", system.arch), done: map[string]*types.Package{"unsafe": types.Unsafe}}
			for p, err := range list(system.os, system.arch, system.packages) {
				if err != nil {
					t.Fatal(err)
				}
				if err := c.check(p); err != nil {
					t.Errorf("%s: %v", p.ImportPath, err)
				}
			}
			if c.own == 0 {
				t.Error("no package of gonng was found")
			}
		})
	}
}

// listed is a package as go list prints it.
type listed struct {
	Dir, ImportPath string
	GoFiles         []string
	ImportMap       map[string]string // what an import means, if not what it says
	Module          struct{ Main bool }
}

// list asks go list for the packages, their tests, and before each what it imports.
func list(os_, arch string, patterns []string) func(yield func(listed, error) bool) {
	return func(yield func(listed, error) bool) {
		cmd := exec.Command("go", append([]string{"list", "-deps", "-test", "-json=Dir,ImportPath,GoFiles,ImportMap,Module"}, patterns...)...)
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), "GOOS="+os_, "GOARCH="+arch, "CGO_ENABLED=0")
		var complaints strings.Builder
		cmd.Stderr = &complaints
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			yield(listed{}, err)
			return
		}
		for d := json.NewDecoder(out); err == nil; {
			var p listed
			if err = d.Decode(&p); err == nil && !yield(p, nil) {
				_ = cmd.Process.Kill()
				break
			}
		}
		if failed := cmd.Wait(); errors.Is(err, io.EOF) && failed != nil {
			yield(listed{}, fmt.Errorf("go list: %w\n%s", failed, complaints.String()))
		} else if err != nil && !errors.Is(err, io.EOF) {
			yield(listed{}, err)
		}
	}
}

// checker type-checks packages, each after those that it imports.
type checker struct {
	fset  *token.FileSet
	sizes types.Sizes
	done  map[string]*types.Package
	own   int // packages of gonng
}

// check type-checks p: of what is not gonng's only what it exports.
func (c *checker) check(p listed) (err error) {
	if p.ImportPath == "unsafe" || strings.HasSuffix(p.ImportPath, ".test") { // go test writes those
		return nil
	}
	if p.Module.Main {
		c.own++
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, parsed := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if parsed != nil {
			return parsed
		}
		files = append(files, f)
	}
	config := types.Config{
		Importer: imports{c, p}, Sizes: c.sizes, IgnoreFuncBodies: !p.Module.Main,
		Error: func(e error) { err = errors.Join(err, e) },
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	c.done[p.ImportPath], _ = config.Check(path, c.fset, files, nil) // Error is called with what is wrong
	if !p.Module.Main {
		return nil // what it does for the compiler alone, such as linkname, does not matter
	}
	return err
}

// imports finds what a package imports.
type imports struct {
	*checker
	of listed
}

func (i imports) Import(path string) (*types.Package, error) {
	if other, ok := i.of.ImportMap[path]; ok {
		path = other
	}
	if p := i.done[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s was not listed", path)
}
