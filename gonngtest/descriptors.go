package gonngtest

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// descriptors is where overlapping tests agree who looks for descriptors left
// open: they belong to the process, and so does this.
var descriptors descriptorWatch

type descriptorWatch struct {
	mu     sync.Mutex
	tests  []string          // that overlap, also those that have ended
	open   int               // of them have not ended
	before map[string]string // what was open before the first; nil: nobody looks
}

func (w *descriptorWatch) enter(test string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.before == nil {
		w.before = openDescriptors()
	}
	w.open++
	w.tests = append(w.tests, test)
}

// leave returns what the overlapping tests left, and their names, if the last
// of them ends. A test that begins while this waits takes over.
func (w *descriptorWatch) leave(grace time.Duration) (left, tests []string) {
	w.mu.Lock()
	w.open--
	w.mu.Unlock()
	poll(grace, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		left, tests = w.extra(), w.tests
		return len(left) == 0
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > 0 || w.before == nil {
		return nil, nil
	}
	w.before, w.tests = nil, nil
	return left, tests
}

func (w *descriptorWatch) extra() (left []string) {
	if w.open > 0 || w.before == nil {
		return nil
	}
	for id, fd := range openDescriptors() {
		if _, ok := w.before[id]; !ok {
			left = append(left, strings.TrimSpace("descriptor "+fd+", "+id+" "+socketAddress(id)))
		}
	}
	slices.Sort(left)
	return left
}

// openDescriptors are the sockets and pipes of the process, from what Linux
// calls them, socket:[123], to their number. Elsewhere there are none. What the
// runtime has for itself, epoll and eventfd, is neither.
func openDescriptors() map[string]string {
	const dir = "/proc/self/fd"
	open := make(map[string]string)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		id, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil && (strings.HasPrefix(id, "socket:[") || strings.HasPrefix(id, "pipe:[")) {
			open[id] = e.Name()
		}
	}
	return open
}

// socketAddress is what the kernel's tables say of a socket, to tell which one
// it was.
func socketAddress(id string) string {
	inode, ok := strings.CutPrefix(id, "socket:[")
	inode = strings.TrimSuffix(inode, "]")
	if !ok {
		return ""
	}
	for _, table := range []string{"tcp", "tcp6", "unix"} {
		data, _ := os.ReadFile("/proc/self/net/" + table)
		for line := range strings.Lines(string(data)) {
			switch f := strings.Fields(line); {
			case table == "unix" && len(f) >= 7 && f[6] == inode:
				return strings.Join(append([]string{table}, f[7:]...), " ")
			case table != "unix" && len(f) >= 10 && f[9] == inode:
				return table + " (hexadecimal) local " + f[1] + " remote " + f[2]
			}
		}
	}
	return ""
}

// socketFiles are the Unix sockets below a test's directories.
type socketFiles struct {
	dirs   []string
	before []string
}

func newSocketFiles(t testing.TB, dirs []string) *socketFiles {
	if runtime.GOOS == "js" || runtime.GOOS == "windows" { // ipc is not to be had, or without files
		return &socketFiles{}
	}
	// All of a test's temporary directories lie in one, and that is removed
	// after the cleanup functions that are added from here on.
	s := &socketFiles{dirs: append(dirs, filepath.Dir(t.TempDir()))}
	s.before = s.list()
	return s
}

func (s *socketFiles) list() (sockets []string) {
	for _, dir := range s.dirs {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type() == fs.ModeSocket {
				sockets = append(sockets, path)
			}
			return nil // what cannot be read, or is gone by now, is no socket
		})
	}
	slices.SortFunc(sockets, cmp.Compare)
	return sockets
}

func (s *socketFiles) left() []string {
	return slices.DeleteFunc(s.list(), func(path string) bool { return slices.Contains(s.before, path) })
}
