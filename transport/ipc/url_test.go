package ipc

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// FuzzURLOfAbstract: a name that Check accepts is read again from what its
// socket's address is printed as.
func FuzzURLOfAbstract(f *testing.F) {
	if runtime.GOOS != "linux" {
		f.Skip("abstract sockets are Linux's")
	}
	for _, seed := range []string{"x", "", "%00x", "x%00", "@x", "a/b?c#d%25", "%ff%fe", "%", "%zz", "a b", strings.Repeat("%20", 107), strings.Repeat("x", 108)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		name, err := abstractName(encoded)
		if err != nil {
			if !errors.Is(err, transport.ErrAddressInvalid) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		printed, ok := strings.CutPrefix(stream.URL(&net.UnixAddr{Name: "@" + name, Net: "unix"}), "abstract://")
		if again, err := abstractName(printed); !ok || err != nil || again != name {
			t.Errorf("%q is printed as %q, and that is %q, %v", name, printed, again, err)
		}
	})
}

// FuzzURLOfIPC: the path of an address is the one that was listened at.
func FuzzURLOfIPC(f *testing.F) {
	for _, seed := range []string{"/tmp/x", "x", "./x y", "%41", "a?b#c", "@x", "", "a\x00", "\xff", strings.Repeat("x", 108)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		tr := Transport{}
		if err := tr.Check("ipc", path); err != nil {
			if !errors.Is(err, transport.ErrAddressInvalid) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		if printed := stream.URL(&net.UnixAddr{Name: path, Net: "unix"}); network == "unix" && printed != "ipc://"+path {
			t.Errorf("%q is printed as %q", path, printed)
		}
	})
}
