package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed c/*.c c/*.h
var cSources embed.FS

// common are the sources of every program in C.
var common = []string{"peer.c", "report.c", "loops.c", "connections.c"}

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
	dir, err := unpack()
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
	// Compile beside it and rename, for two runs may do this at once.
	temp := fmt.Sprintf("%s.%d", exe, os.Getpid())
	args := []string{"-O2", "-Wall", "-Wextra", "-o", temp}
	for _, source := range append([]string{l.source}, common...) {
		args = append(args, filepath.Join(dir, source))
	}
	out, err := exec.Command(cc, append(args, "-l"+l.name, "-lpthread")...).CombinedOutput()
	if err == nil {
		return exe, os.Rename(temp, exe)
	}
	if strings.Contains(string(out), l.header) || strings.Contains(string(out), "-l"+l.name) {
		return "", fmt.Errorf("no %s (Debian: apt-get install %s)", l.header, l.debian)
	}
	return "", fmt.Errorf("%s: %w\n%s", cc, err, out)
}

// unpack writes the sources to a directory named after what they say.
func unpack() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	names, err := cSources.ReadDir("c")
	if err != nil {
		return "", err
	}
	var all bytes.Buffer
	for _, name := range names {
		b, err := cSources.ReadFile("c/" + name.Name())
		if err != nil {
			return "", err
		}
		all.Write(b)
	}
	dir := filepath.Join(cache, fmt.Sprintf("gonng-bench-%x", sha256.Sum256(all.Bytes()))[:28])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for _, name := range names {
		b, _ := cSources.ReadFile("c/" + name.Name()) // read just now
		if err := os.WriteFile(filepath.Join(dir, name.Name()), b, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}
