package keyfile

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// File is a file with a certificate and its key that may change.
type File struct {
	path, password string

	mu   sync.Mutex
	seen os.FileInfo // the file that was read last; nil: it could not be read
	cert *tls.Certificate
	told bool // that it makes no sense now
}

// Open reads the file at path.
func Open(path, password string) (*File, error) {
	f := &File{path: path, password: password}
	return f, f.load()
}

// load reads the file.
func (f *File) load() error {
	f.seen = nil
	seen, err := os.Stat(f.path) // before it is read: what changes meanwhile is seen the next time
	if err != nil {
		return err
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	f.seen = seen
	cert, err := Pair(text, text, f.password)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.cert = &cert
	return nil
}

// changed reports whether the file is another one than that which was seen.
func (f *File) changed() bool {
	now, err := os.Stat(f.path)
	return err != nil || f.seen == nil ||
		!os.SameFile(f.seen, now) || f.seen.Size() != now.Size() || !f.seen.ModTime().Equal(now.ModTime())
}

// Current is what is in the file, or was before it made no sense. Then
// [slog.Default] is told, once.
func (f *File) Current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed() {
		return f.cert
	}
	err := f.load()
	if err != nil && !f.told {
		slog.Default().Warn("gonng: cannot use the changed certificate, keeping the one before", "file", f.path, "error", err)
	}
	f.told = err != nil
	return f.cert
}
