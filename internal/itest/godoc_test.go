package itest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"strings"
	"testing"
)

// TestDocShowsNames: what go doc prints of the packages shows neither types that
// a reader cannot look up, nor unions of options without a name.
func TestDocShowsNames(t *testing.T) {
	for _, pkg := range []string{"../..", "../../transport", "../../rpc", "../../gonngtest", "../../monitor"} {
		out, err := exec.Command("go", "doc", "-all", pkg).Output()
		check(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), pkg, declarations(string(out)), parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("what go doc -all %s prints cannot be parsed: %v", pkg, err)
		}
		if len(file.Decls) < 3 {
			t.Fatalf("go doc -all %s prints %d declarations", pkg, len(file.Decls))
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				typeParams := make(map[string]bool)
				if d.Type.TypeParams != nil {
					for _, p := range d.Type.TypeParams.List {
						for _, name := range p.Names {
							typeParams[name.Name] = true
						}
					}
				}
				wantNames(t, pkg, d.Name.Name, d.Type, typeParams)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						wantNames(t, pkg, spec.Name.Name, spec.Type, nil)
					}
				}
			}
		}
	}
}

// declarations is the Go code in what go doc prints: what is not indented by
// spaces, after the text about the package.
func declarations(doc string) string {
	var code strings.Builder
	code.WriteString("package p\n")
	inside := false
	for line := range strings.Lines(doc) {
		switch strings.TrimSpace(line) {
		case "CONSTANTS", "VARIABLES", "FUNCTIONS", "TYPES":
			inside = true
			continue
		}
		if inside && !strings.HasPrefix(line, "    ") {
			code.WriteString(line)
		}
	}
	return code.String()
}

// wantNames fails for each type in n that has no name, or none that is exported.
func wantNames(t *testing.T, pkg, decl string, n ast.Node, typeParams map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr: // of another package
			return false
		case *ast.Field:
			if inner, ok := n.Type.(*ast.InterfaceType); ok && len(inner.Methods.List) > 0 {
				t.Errorf("%s: %s shows an interface without a name", pkg, decl)
			}
			wantNames(t, pkg, decl, n.Type, typeParams) // the names of fields and parameters may be anything
			return false
		case *ast.Ident:
			if !n.IsExported() && types.Universe.Lookup(n.Name) == nil && !typeParams[n.Name] {
				t.Errorf("%s: %s shows the type %s", pkg, decl, n.Name)
			}
		}
		return true
	})
}
