//go:build !windows

package ipc

import (
	"net"
	"os"
	"path/filepath"
	"sync"
)

// fileListener is a listener whose Close removes its socket file, unless another file has
// taken the place of that.
type fileListener struct {
	*net.UnixListener
	path string      // absolute, because the process may change its directory
	file os.FileInfo // the socket file; nil: it was gone already after the bind
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

// Close implements net.Listener. It compares the files while the socket is open: the number
// of a file that is closed and removed may belong to a new file.
func (l *fileListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && l.file != nil && os.SameFile(l.file, now) {
			_ = os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}
