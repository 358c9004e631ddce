//go:build linux

package doctest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// command is a process that ends with ctx, in the directory of the module.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = module
	return cmd
}

// overlay lets the go command see files where there are none. The keys are below this
// package's directory.
type overlay map[string]string

func (o overlay) write(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.Getwd()
	check(t, err)
	replace := make(map[string]string)
	for name, text := range o {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		check(t, os.WriteFile(file, []byte(text), 0o644))
		replace[filepath.Join(root, name)] = file
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	check(t, err)
	path = filepath.Join(dir, "overlay.json")
	check(t, os.WriteFile(path, data, 0o644))
	return path
}

var printed = regexp.MustCompile(`(?m)fmt\.(?:Print|Fprint).*\)\s+// (.*)$`)

// TestPagePrograms builds the programs of all pages into one binary, since linking takes
// most of the time, and runs each as a process of its own.
func TestPagePrograms(t *testing.T) {
	var programs []block
	for _, b := range blocksOf(t, "go") {
		if strings.HasPrefix(b.text, "package main\n") {
			programs = append(programs, b)
		}
	}
	if len(programs) == 0 {
		t.Fatal("the pages have no programs")
	}
	files := make(overlay)
	var imports, cases strings.Builder
	for i, b := range programs {
		name := fmt.Sprintf("p%d", i)
		text := strings.Replace(b.text, "package main\n", "package "+name+"\n", 1)
		text = strings.Replace(text, "\nfunc main() {", "\nfunc Main() {", 1)
		files["programs/"+name+"/main.go"] = fmt.Sprintf("//line %s:%d\n", b.page, b.line) + text
		fmt.Fprintf(&imports, "import %s %q\n", name, "github.com/gonng/gonng/internal/doctest/programs/"+name)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.Main()\n", name, name)
	}
	files["programs/main.go"] = "package main\n\nimport \"os\"\n" + imports.String() +
		"\nfunc main() {\n\tswitch os.Args[1] {\n" + cases.String() + "\t}\n}\n"
	ctx := gonngtest.Context(t, 6*gonngtest.Timeout)
	binary := filepath.Join(t.TempDir(), "programs")
	if out, err := run(t, ctx, "go", "build", "-overlay", files.write(t), "-o", binary, "./internal/doctest/programs"); err != nil {
		t.Fatalf("the programs do not compile: %v\n%s", err, out)
	}
	for i, b := range programs {
		t.Run(b.name(), func(t *testing.T) {
			out, err := run(t, gonngtest.Context(t, gonngtest.Timeout), binary, fmt.Sprintf("p%d", i))
			if err != nil {
				t.Fatalf("the program ended with %v and printed\n%s", err, out)
			}
			for _, m := range printed.FindAllStringSubmatch(b.text, -1) {
				if !strings.Contains("\n"+out, "\n"+m[1]+"\n") {
					t.Errorf("the program did not print the line %q, but\n%s", m[1], out)
				}
			}
		})
	}
}

// TestPageTests runs the blocks that are test files.
func TestPageTests(t *testing.T) {
	files := make(overlay)
	for _, b := range blocksOf(t, "go") {
		if strings.HasPrefix(b.text, "package ") && !strings.HasPrefix(b.text, "package main\n") {
			files[fmt.Sprintf("tests/block%d_test.go", len(files))] = fmt.Sprintf("//line %s:%d\n", b.page, b.line) + b.text
		}
	}
	if len(files) == 0 {
		t.Skip("the pages have no tests")
	}
	ctx := gonngtest.Context(t, 6*gonngtest.Timeout)
	binary := filepath.Join(t.TempDir(), "tests") // go test would want its directory
	if out, err := run(t, ctx, "go", "test", "-c", "-vet=off", "-overlay", files.write(t), "-o", binary, "./internal/doctest/tests"); err != nil {
		t.Fatalf("the tests do not compile: %v\n%s", err, out)
	}
	if out, err := run(t, ctx, binary, "-test.v"); err != nil || !strings.Contains(out, "--- PASS") {
		t.Errorf("the tests ended with %v and printed\n%s", err, out)
	}
}

// TestPageCommands runs each console block in a shell that finds gonng, and checks the
// subcommands and options of gonng in the blocks of sh.
func TestPageCommands(t *testing.T) {
	bin := t.TempDir()
	if out, err := run(t, gonngtest.Context(t, 6*gonngtest.Timeout), "go", "build", "-o", bin, "./cmd/gonng"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, b := range blocksOf(t, "console") {
		t.Run(b.name(), func(t *testing.T) { b.converse(t, bin) })
	}
	usages := make(map[string]string)
	for _, b := range blocksOf(t, "sh") {
		t.Run(b.name(), func(t *testing.T) { b.checkOptions(t, filepath.Join(bin, "gonng"), usages) })
	}
}

// name is that of the block's test.
func (b block) name() string { return fmt.Sprintf("%s:%d", filepath.Base(b.page), b.line) }

// converse types the commands of the block and wants the rest of it in answer.
func (b block) converse(t *testing.T, bin string) {
	if strings.Contains(b.text, "openssl ") {
		find(t, "openssl")
	}
	var script, want strings.Builder
	for line := range strings.Lines(b.text) {
		if cmd, ok := strings.CutPrefix(line, "$ "); ok {
			script.WriteString(cmd)
		} else if cmd, ok := strings.CutPrefix(line, "> "); ok {
			script.WriteString(cmd)
		} else {
			want.WriteString(line)
		}
	}
	cmd := command(gonngtest.Context(t, gonngtest.Timeout), "bash", "-c", script.String()+"\nwait\n")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it has started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var errors strings.Builder // not compared: a dialer logs there that its peer is not there yet
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil || string(out) != want.String() {
		t.Errorf("the commands ended with %v and printed\n%s%s", err, out, errors.String())
	}
}

// find returns the path of a program that a page needs.
func find(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(program + " is not installed")
	} else if err != nil {
		t.Skip(program + " is not installed")
	}
	return path
}

// packageOf finds the packages of this module that a command of go names.
var packageOf = regexp.MustCompile(`\bgo (?:get|install|run|test) .*?(?:github\.com/gonng/gonng|\./)(\S*?)(?:@latest)?(?:\s|$)`)

var commandOption = regexp.MustCompile(`\s(--[a-z][a-z0-9-]*)`)

// checkOptions looks up what the block calls gonng with. usages keeps what --help has said.
func (b block) checkOptions(t *testing.T, gonng string, usages map[string]string) {
	for line := range strings.Lines(b.text) {
		if m := packageOf.FindStringSubmatch(line); m != nil {
			if _, err := os.Stat(filepath.Join(module, m[1])); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
		}
		_, rest, ok := strings.Cut(" "+line, " gonng ")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if usages[name] == "" {
			usages[name], _ = run(t, gonngtest.Context(t, gonngtest.Timeout), gonng, name, "--help")
		}
		if strings.Contains(usages[name], "there is no subcommand") {
			t.Errorf("there is no gonng %s", name)
		}
		for _, m := range commandOption.FindAllStringSubmatch(rest, -1) {
			if !strings.Contains(usages[name], m[1]) {
				t.Errorf("gonng %s has no option %s", name, m[1])
			}
		}
	}
}
