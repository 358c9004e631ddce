package main

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed c/*.c c/*.h
var cSources embed.FS

// common are the sources of every program in C.
var common = []string{"peer.c", "report.c", "loops.c", "connections.c", "crowd.c", "audience.c"}

// A cLibrary is what a program in C is linked with.
type cLibrary struct {
	source string // of our program
	name   string // as the linker knows it
	header string
	debian string // package

	once sync.Once
	exe  string
	err  error
}

// program is the compiled program, kept in the user's cache as long as its
// sources stay the same.
func (l *cLibrary) program() (string, error) {
	l.once.Do(func() { l.exe, l.err = l.build() })
	return l.exe, l.err
}

// version is what the program says of the library, if there is one.
func (l *cLibrary) version() string {
	exe, err := l.program()
	if err != nil {
		return ""
	}
	out, err := exec.Command(exe, "-version").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (l *cLibrary) build() (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, l.name)
	if _, err := os.Stat(exe); err == nil {
		return exe, nil
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", fmt.Errorf("no C compiler (Debian: apt-get install gcc libc6-dev %s)", l.debian)
	}
	// Compile elsewhere and rename, for two runs may do this at once.
	temp, err := os.MkdirTemp(dir, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	if err := os.CopyFS(temp, cSources); err != nil {
		return "", err
	}
	cmd := exec.Command(cc, "-O2", "-Wall", "-Wextra", "-o", l.name)
	cmd.Dir = temp
	for _, source := range append([]string{l.source}, common...) {
		cmd.Args = append(cmd.Args, "c/"+source)
	}
	cmd.Args = append(cmd.Args, "-l"+l.name, "-lpthread")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return exe, os.Rename(filepath.Join(temp, l.name), exe)
	}
	if strings.Contains(string(out), l.header) || strings.Contains(string(out), "-l"+l.name) {
		return "", fmt.Errorf("no %s (Debian: apt-get install %s)", l.header, l.debian)
	}
	return "", fmt.Errorf("%s: %w\n%s", cc, err, out)
}

// cacheDir makes a directory that is named after what the sources say.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	all := sha256.New()
	err = fs.WalkDir(cSources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := cSources.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, fmt.Sprintf("gonng-bench-%x", all.Sum(nil)[:8]))
	return dir, os.MkdirAll(dir, 0o700)
}
