package itest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// module is the directory of the module, seen from this package.
const module = "../.."

var (
	inCodeType = regexp.MustCompile("`([^`\n]+)`")
	goFile     = regexp.MustCompile(`^[\w/]+\.go$`)
	goName     = regexp.MustCompile(`^\w+(\.\w+){0,2}$`)
	nameInFile = regexp.MustCompile("`([\\w.]+)`\\s+in\\s+`([\\w/]+\\.go)`")
)

// TestArchitecture: each file and each name in code type in docs/architecture.md
// exists, in the file that the page says, and each lock has a row.
func TestArchitecture(t *testing.T) {
	code := declarationsOf(t, module)
	page := code.checkNames(t, "architecture.md")
	if len(code.locks) < 10 {
		t.Errorf("only %d locks were found: %v", len(code.locks), code.locks)
	}
	for _, lock := range code.locks {
		if !strings.Contains(page, "| `"+lock+"` in ") {
			t.Errorf("the lock %s has no row", lock)
		}
	}
}

// TestSecurityPage: docs/security.md names tests that there are.
func TestSecurityPage(t *testing.T) { declarationsOf(t, module).checkNames(t, "security.md") }

// TestTrustPage: the same for docs/trust.md.
func TestTrustPage(t *testing.T) { declarationsOf(t, module).checkNames(t, "trust.md") }

// TestMonotonicClock: no time is measured by the clock of the system, which may be set back.
// A time.Time loses its monotonic reading by these methods.
func TestMonotonicClock(t *testing.T) {
	wall := regexp.MustCompile(`\.(Unix(Nano|Micro|Milli)?\(\)|UTC\(\)|Local\(\)|Round\(0\)|Truncate\()`)
	found := 0
	check(t, filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, dir := range []string{"cmd", "contrib", "bench", "examples", "interop", "internal/soak"} { // programs may
			if strings.HasPrefix(path, filepath.Join(module, dir)) {
				return nil
			}
		}
		text, err := os.ReadFile(path)
		found++
		for _, use := range wall.FindAllString(string(text), -1) {
			t.Errorf("%s uses the clock of the system: %s", path, use)
		}
		return err
	}))
	if found < 100 {
		t.Errorf("only %d files were read", found)
	}
}

// checkNames fails the test if a page of docs names what is not there. It returns the page.
func (code *declared) checkNames(t *testing.T, name string) (page string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module, "docs", name))
	check(t, err)
	page = string(text)
	for _, m := range inCodeType.FindAllStringSubmatch(page, -1) {
		switch word := m[1]; {
		case goFile.MatchString(word):
			if _, err := os.Stat(filepath.Join(module, word)); err != nil {
				t.Errorf("there is no file %s", word)
			}
		case goName.MatchString(word) && len(code.files[word]) == 0:
			t.Errorf("nothing is called %s", word)
		}
	}
	for _, m := range nameInFile.FindAllStringSubmatch(page, -1) {
		if !code.files[m[1]][m[2]] {
			t.Errorf("%s is not in %s", m[1], m[2])
		}
	}
	return page
}

// declared is what a module declares.
type declared struct {
	files map[string]map[string]bool // by name, such as f, T, T.f and p.T.f for package p
	locks []string                   // fields that are a sync.Mutex: T.f, or p.T.f outside the root and its tests
}

func (d *declared) add(file, pkg, name string) {
	for _, name := range []string{name, pkg + "." + name} {
		if d.files[name] == nil {
			d.files[name] = make(map[string]bool)
		}
		d.files[name][file] = true
	}
}

// declarationsOf reads the Go files of the module at root, but not of modules in it.
func declarationsOf(t *testing.T, root string) *declared {
	d := &declared{files: make(map[string]map[string]bool)}
	check(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if path != root && (err == nil || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		d.read(filepath.ToSlash(rel), file)
		return nil
	}))
	return d
}

func (d *declared) read(path string, file *ast.File) {
	pkg := file.Name.Name
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				name = typeName(decl.Recv.List[0].Type) + "." + name
			}
			d.add(path, pkg, name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						d.add(path, pkg, name.Name)
					}
				case *ast.TypeSpec:
					d.add(path, pkg, spec.Name.Name)
					d.readType(path, pkg, spec)
				}
			}
		}
	}
}

// readType adds the fields of a struct and the methods of an interface.
func (d *declared) readType(path, pkg string, spec *ast.TypeSpec) {
	var fields *ast.FieldList
	switch t := spec.Type.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			full := spec.Name.Name + "." + name.Name
			d.add(path, pkg, full)
			if kind := typeName(field.Type); kind != "Mutex" && kind != "RWMutex" || strings.HasSuffix(path, "_test.go") || pkg == "main" {
				continue
			}
			switch dir := filepath.Dir(path); {
			case dir == "internal/dnstest": // tests alone import it
			case dir == ".":
				d.locks = append(d.locks, full)
			case strings.HasPrefix(dir, "internal/"), strings.HasPrefix(dir, "transport/"):
				d.locks = append(d.locks, pkg+"."+full)
			}
		}
	}
}

// typeName is the name of a type without its package, pointer and parameters.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	}
	return ""
}
