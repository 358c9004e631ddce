//go:build linux

package doctest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

const module = "../.."

// page is a page, by its path below the module.
type page struct{ path, text string }

func pages(t *testing.T) (all []page) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(module, "docs", "*.md"))
	check(t, err)
	for _, file := range append(paths, filepath.Join(module, "README.md")) {
		text, err := os.ReadFile(file)
		check(t, err)
		path, err := filepath.Rel(module, file)
		check(t, err)
		all = append(all, page{filepath.ToSlash(path), string(text)})
	}
	if len(all) < 5 {
		t.Fatalf("only %d pages were found", len(all))
	}
	return all
}

// block is a fenced block of a page: its language, and its text.
type block struct {
	page           string
	line           int
	language, text string
}

// blocks returns the fenced blocks of p.
func (p page) blocks() (all []block) {
	var b *block
	n := 0
	for line := range strings.Lines(p.text) {
		n++
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && b == nil:
			b = &block{page: p.path, line: n + 1, language: language}
		case fence:
			all = append(all, *b)
			b = nil
		case b != nil:
			b.text += line
		}
	}
	return all
}

// blocksOf returns the blocks of all pages that have the language.
func blocksOf(t *testing.T, language string) (found []block) {
	t.Helper()
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.language == language {
				found = append(found, b)
			}
		}
	}
	return found
}

var (
	fenced    = regexp.MustCompile("(?ms)^```.*?^```$")
	inCode    = regexp.MustCompile("`[^`\n]*`")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors are those that GitHub gives to the headings of a page.
func anchors(text string) map[string]bool {
	all := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		slug := notInSlug.ReplaceAllString(strings.ToLower(strings.ReplaceAll(m[1], "`", "")), "")
		all[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return all
}

// TestPageLinks: a link within the repository leads to a file that there is, and to a
// heading of it; and a link leads to each page of docs.
func TestPageLinks(t *testing.T) {
	reached := make(map[string]bool)
	followed := 0
	for _, p := range pages(t) {
		text := inCode.ReplaceAllString(fenced.ReplaceAllString(p.text, ""), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue // of others
			}
			followed++
			file, anchor, _ := strings.Cut(target, "#")
			path := filepath.Join(filepath.Dir(p.path), file)
			if file == "" {
				path = p.path
			} else if path != p.path {
				reached[filepath.ToSlash(path)] = true
			}
			text, err := os.ReadFile(filepath.Join(module, path))
			if info, statErr := os.Stat(filepath.Join(module, path)); statErr != nil {
				t.Errorf("%s: the link %s leads nowhere", p.path, target)
				continue
			} else if info.IsDir() && anchor == "" {
				continue
			}
			check(t, err)
			if anchor != "" && !anchors(string(text))[anchor] {
				t.Errorf("%s: %s has no heading %q", p.path, path, anchor)
			}
		}
	}
	if followed < 20 {
		t.Errorf("only %d links were found", followed)
	}
	for _, p := range pages(t) {
		if !reached[p.path] && p.path != "README.md" {
			t.Errorf("no page has a link to %s", p.path)
		}
	}
}

// run runs a command and returns what it printed.
func run(t *testing.T, ctx context.Context, name string, args ...string) (string, error) {
	t.Helper()
	cmd := command(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
