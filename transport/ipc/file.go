//go:build !windows

package ipc

import (
	"net"
	"os"
	"path/filepath"
	"sync"
)

// fileListener removes the file that its socket is bound to when it is closed,
// unless somebody has put another in its place.
type fileListener struct {
	*net.UnixListener
	path string      // absolute, as of when it was bound
	file os.FileInfo // nil: it was gone at once
	once sync.Once
}

// ownFile makes l, which was just bound to path, a fileListener.
func ownFile(l net.Listener, path string) net.Listener {
	ul, ok := l.(*net.UnixListener)
	if !ok {
		return l
	}
	ul.SetUnlinkOnClose(false)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	file, _ := os.Lstat(path)
	return &fileListener{UnixListener: ul, path: path, file: file}
}

// Close implements net.Listener. The socket must still be open when the files are
// compared: the number of a file that nobody has open may be that of a new one.
func (l *fileListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && l.file != nil && os.SameFile(l.file, now) {
			_ = os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}
