//go:build linux

package doctest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	code     = regexp.MustCompile("`([^`]+)`")
	testName = regexp.MustCompile(`\bfunc ((?:Test|Example)\w+)\(`)
	// exported looks like a name of gonng as pages have it: WithDial(url), Pipe.Send(ctx, data), ErrClosed.
	exported = regexp.MustCompile(`^\*?[A-Z]\w+(\.[A-Z]\w+)*(\(.*\))?$`)
	cell     = regexp.MustCompile(`\s+\|\s+`)
)

// goText returns the text of the module's Go files whose names pass.
func goText(t *testing.T, wanted func(name string) bool) string {
	t.Helper()
	var text strings.Builder
	check(t, filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || !wanted(path) {
			return err
		}
		data, err := os.ReadFile(path)
		text.Write(data)
		return err
	}))
	return text.String()
}

// rows returns the rows of the tables in the section of a page, without their heads.
func rows(section string) (all [][]string) {
	head := true
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			head = true
		case strings.HasPrefix(line, "| :-"):
			head = false
		case !head:
			line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
			all = append(all, cell.Split(strings.TrimSpace(line), -1))
		}
	}
	return all
}

// TestPageNames: what pages for users have in code type exists, if it looks like a name of the
// package.
func TestPageNames(t *testing.T) {
	words := make(map[string]bool)
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(goText(t, func(path string) bool { return !strings.Contains(path, "doctest") }), -1) {
		words[word] = true
	}
	for _, p := range pages(t) {
		text := fenced.ReplaceAllString(p.text, "")
		if p.path == "docs/coming-from.md" { // before the last column are names of others
			var own []string
			for _, row := range rows(text) {
				own = append(own, row[1])
			}
			text = strings.Join(own, "\n")
		}
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			if !exported.MatchString(m[1]) {
				continue
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(m[1], "*"), "(")
			for part := range strings.SplitSeq(name, ".") {
				if !words[part] {
					t.Errorf("%s: nothing is called %s", p.path, m[1])
				}
			}
		}
	}
}

var emptyRow = regexp.MustCompile(`(?m)^\|[| ]*$`)

// TestPageTables: no row of a table is empty, and none of those of other libraries has an
// empty counterpart.
func TestPageTables(t *testing.T) {
	for _, p := range pages(t) {
		if n := len(emptyRow.FindAllString(fenced.ReplaceAllString(p.text, ""), -1)); n > 0 {
			t.Errorf("%s: %d rows of tables, or their heads, are empty", p.path, n)
		}
		for _, row := range rows(p.text) {
			if len(row) < 2 || row[len(row)-1] == "" && p.path == "docs/coming-from.md" {
				t.Errorf("%s: the row %q is empty", p.path, row)
			}
		}
	}
}

// TestPageErrors: docs/errors.md has a row for each error.
func TestPageErrors(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(module, "docs", "errors.md"))
	check(t, err)
	text, err := os.ReadFile(filepath.Join(module, "errors.go"))
	check(t, err)
	names := regexp.MustCompile(`(?m)^\t(Err\w+) +Error = `).FindAllStringSubmatch(string(text), -1)
	if len(names) < 30 {
		t.Fatalf("only %d errors were found", len(names))
	}
	explained := make(map[string]bool)
	for _, row := range rows(string(page)) {
		for _, m := range code.FindAllStringSubmatch(row[0], -1) {
			explained[m[1]] = true
		}
	}
	for _, m := range names {
		if !explained[m[1]] {
			t.Errorf("%s has no row", m[1])
		}
	}
}

// TestPagePynng: each name of pynng's documentation (testdata/pynng.txt) has a row in
// docs/coming-from.md, with what it is called here and with a test or example that there is.
func TestPagePynng(t *testing.T) {
	names, err := os.ReadFile("testdata/pynng.txt")
	check(t, err)
	page, err := os.ReadFile(filepath.Join(module, "docs", "coming-from.md"))
	check(t, err)
	_, section, _ := strings.Cut(string(page), "\n## pynng\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var tests []string
	for _, m := range testName.FindAllStringSubmatch(goText(t, func(path string) bool { return strings.HasSuffix(path, "_test.go") }), -1) {
		tests = append(tests, m[1])
	}
	table := make(map[string]bool)
	for _, row := range rows(section) {
		if len(row) != 3 {
			t.Errorf("the row %q has not three columns", row)
			continue
		}
		table[strings.Trim(row[0], "`")] = true
		shown := code.FindAllStringSubmatch(row[2], -1)
		if len(shown) == 0 {
			t.Errorf("nothing shows %s", row[0])
		}
		for _, m := range shown {
			if !slices.Contains(tests, m[1]) {
				t.Errorf("there is no test %s", m[1])
			}
		}
	}
	for name := range strings.Lines(string(names)) {
		if name = strings.TrimSpace(name); !table[name] {
			t.Errorf("%s has no row", name)
		}
	}
}
