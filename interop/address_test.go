package interop

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gonng/gonng/internal/testport"
)

func transports() []string {
	all := []string{"tcp", "ipc", "tls+tcp", "ws", "wss"}
	if runtime.GOOS == "linux" {
		all = append(all, "abstract")
	}
	return all
}

// anywhere is a URL for gonng to listen at, of whose port 0 it makes a real one.
func anywhere(t *testing.T, transport string) string {
	t.Helper()
	switch transport {
	case "abstract":
		return "abstract://" + rand.Text() + "%20%2F%ff"
	case "ipc":
		dir, err := os.MkdirTemp("", "sp") // shorter than t.TempDir
		check(t, err)
		t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
		return "ipc://" + filepath.Join(dir, "x.sock")
	}
	if secured(transport) { // mbedtls 2.28 takes no IP address for a name
		return transport + "://localhost:0"
	}
	return transport + "://127.0.0.1:0"
}

// vacant is a URL where nobody listens, for a program that would not tell which
// port it made of 0.
func vacant(t *testing.T, transport string) string {
	t.Helper()
	return testport.In(t, anywhere(t, transport))
}
