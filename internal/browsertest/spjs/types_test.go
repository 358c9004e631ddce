package spjs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng/internal/browsertest"
)

// TypeScript accepts a program that uses every name of sp.d.ts, and refuses what a protocol
// cannot do: the lines of types.ts that say so.
func TestTypes(t *testing.T) {
	tsc := browsertest.Find(t, "tsc")
	dir := t.TempDir()
	for name, file := range map[string]string{"sp.d.ts": "../../../spjs/sp.d.ts", "types.ts": "types.ts"} {
		text, err := os.ReadFile(file)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	cmd := exec.Command(tsc, "--strict", "--noEmit", "--target", "es2022", "--module", "es2022", "--moduleResolution", "node", "types.ts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// sp.js and sp.d.ts have the same names, and types.ts uses all of them.
func TestNames(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		check(t, err)
		return string(text)
	}
	declared := map[bool][]string{} // by whether they are types alone
	for _, m := range regexp.MustCompile(`(?m)^export (class|function|type|interface) (\w+)`).FindAllStringSubmatch(read("../../../spjs/sp.d.ts"), -1) {
		if alone := m[1] == "type" || m[1] == "interface"; !alone || !slices.Contains(declared[false], m[2]) {
			declared[alone] = append(declared[alone], m[2])
		}
	}
	used := read("types.ts")
	for _, name := range slices.Concat(declared[false], declared[true]) {
		if len(regexp.MustCompile(`\b`+name+`\b`).FindAllString(used, -1)) < 2 {
			t.Errorf("types.ts does not use %s", name)
		}
	}
	n := newNode(t)
	out, err := n.command(t.Context(), "console.log(Object.keys(sp).join(' '))").Output()
	check(t, err)
	exported := strings.Fields(string(out))
	slices.Sort(exported)
	slices.Sort(declared[false])
	if !slices.Equal(exported, declared[false]) {
		t.Errorf("sp.js exports %v, sp.d.ts has %v", exported, declared[false])
	}
}
