// Command mutate shows that the tests can fail. It breaks each promise of
// docs/architecture.md once, in the one place that keeps it, and runs the test that has to
// notice:
//
//	go run ./internal/mutate              all, which takes half an hour
//	go run ./internal/mutate -run Close   those whose promise or test matches
//
// The files stay as they are: the go command gets the broken ones by -overlay. The exit
// status is 1 when a test passes nevertheless, or a mutation cannot be made.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// mutation breaks a promise: it replaces a text that occurs once in a file, and a test fails.
type mutation struct {
	promise  string // the first column of the table, or what is promised elsewhere
	file     string
	old, new string
	pkg      string // the directory of the package that has the test
	test     string // for -run
}

func main() {
	run := flag.String("run", "", "only the mutations whose promise, file or test matches this regular expression")
	root := flag.String("root", ".", "the directory of the module")
	flag.Parse()
	want, err := regexp.Compile("(?i)" + *run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	all, bad := 0, 0
	for _, m := range mutations {
		if !want.MatchString(m.promise) && !want.MatchString(m.file) && !want.MatchString(m.test) {
			continue
		}
		all++
		begin := time.Now()
		err := m.check(*root)
		verdict := "killed"
		if err != nil {
			verdict = "SURVIVED"
			bad++
		}
		fmt.Printf("%-8s %5.1fs  %s: %s by %s\n", verdict, time.Since(begin).Seconds(), m.promise, m.file, m.test)
		if err != nil {
			fmt.Printf("         %v\n", err)
		}
	}
	fmt.Printf("%d of %d mutations were killed\n", all-bad, all)
	if bad > 0 || all == 0 {
		os.Exit(1)
	}
}

// apply returns the file of m as the mutation leaves it.
func (m *mutation) apply(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("%s has the text %q %d times, want 1: change the mutation with the code", m.file, m.old, n)
	}
	return bytes.Replace(text, []byte(m.old), []byte(m.new), 1), nil
}

// check makes the mutation and runs its test. It returns nil if that fails.
func (m *mutation) check(root string) error {
	broken, err := m.apply(root)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file, overlay := filepath.Join(dir, "broken.go"), filepath.Join(dir, "overlay.json")
	place, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {place: file}})
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(file, broken, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return err
	}
	// -v for the names of the tests that fail, or none would be told from none that run.
	test := exec.Command("go", "test", "-vet=off", "-v", "-failfast", "-timeout", "1m", "-run", m.test, ".")
	test.Dir = filepath.Join(root, m.pkg)                                             // which may be in a module of its own
	test.Env = append(os.Environ(), "GONNG_BROWSER=all", "GOFLAGS=-overlay="+overlay) // also for what the test builds
	out, err := test.CombinedOutput()
	text := string(out)
	switch {
	case err == nil && strings.Contains(text, "no tests to run"):
		return fmt.Errorf("%s has no test %s", m.pkg, m.test)
	case err == nil:
		return errors.New("the test passes")
	case !strings.Contains(text, "=== RUN"):
		return fmt.Errorf("the test does not build or start: %v\n%s", err, text)
	}
	return nil
}
