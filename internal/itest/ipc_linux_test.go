package itest

import (
	"io/fs"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestIPCPermissionsFromTheBeginning watches the file while listeners come and
// go: it never has permissions that were not asked for.
func TestIPCPermissionsFromTheBeginning(t *testing.T) {
	gonngtest.NoLeaks(t)
	url, path := socketPath(t)
	var seen atomic.Uint32
	stop := make(chan struct{})
	watched := concurrently(func() error {
		for {
			select {
			case <-stop:
				return nil
			default:
			}
			if info, err := os.Lstat(path); err == nil {
				seen.Or(uint32(info.Mode().Perm()))
			}
		}
	})
	s := open(t, gonng.NewPull0)
	for n := 0; n < 500 || seen.Load() == 0; n++ {
		l, err := s.Listen(testContext(t), url, gonng.WithIPCPermissions(0o600))
		check(t, err)
		check(t, l.Close())
	}
	close(stop)
	check(t, <-watched)
	if got := fs.FileMode(seen.Load()); got != 0o600 {
		t.Errorf("the file was %v for a moment", got)
	}
}

// bound reports whether a socket has exactly that abstract name.
func bound(t testing.TB, name string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/self/net/unix") // shows zero bytes as @
	check(t, err)
	return strings.Contains(string(table), " @"+strings.ReplaceAll(name, "\x00", "@")+"\n")
}

func TestAbstractNames(t *testing.T) {
	gonngtest.NoLeaks(t)
	unique := strings.TrimPrefix(transport("abstract").URL(t), "abstract://")
	for encoded, name := range map[string]string{
		unique:                     unique,
		unique + "/a/b":            unique + "/a/b",
		unique + "%2Fa%2fb":        unique + "/a/b",
		unique + "%20and%25":       unique + " and%",
		unique + "?q=1#f":          unique + "?q=1#f",
		unique + "%ff%FE":          unique + "\xff\xfe",
		unique + "%00a":            unique + "\x00a",
		"%00" + unique:             "\x00" + unique,
		"@" + unique:               "@" + unique,
		unique + "ü":               unique + "ü",
		strings.Repeat("%20", 107): strings.Repeat(" ", 107),
	} {
		t.Run(encoded, func(t *testing.T) {
			url := "abstract://" + encoded
			a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			l, err := a.Listen(testContext(t), url)
			check(t, err)
			if l.URL() != url {
				t.Errorf("listens at %s", l.URL())
			}
			if !bound(t, name) {
				t.Errorf("no socket is bound to %q", name)
			}
			_, err = b.Listen(testContext(t), url)
			wantError(t, err, "listen", gonng.ErrAddressInUse)
			dial(t, b, transport("abstract"), url, gonng.WithDialMode(gonng.DialWait))
			check(t, b.Send(testContext(t), []byte("hello")))
			_, err = a.Recv(testContext(t))
			check(t, err)
		})
	}
	t.Run("zero bytes count", func(t *testing.T) {
		a := open(t, gonng.NewPull0)
		for _, end := range []string{"", "%00", "%00%00", "%00a", "%00b"} {
			_, err := a.Listen(testContext(t), "abstract://"+unique+end)
			check(t, err)
		}
	})
}

func TestAbstractAutobind(t *testing.T) {
	gonngtest.NoLeaks(t)
	a := open(t, gonng.NewPull0)
	seen := make(map[string]bool)
	for range 3 {
		l, err := a.Listen(testContext(t), "abstract://")
		check(t, err)
		name, ok := strings.CutPrefix(l.URL(), "abstract://")
		if !ok || name == "" || !bound(t, name) || l.Addr().String() != "@"+name {
			t.Errorf("listens at %s, %v", l.URL(), l.Addr())
		}
		seen[name] = true
		b := open(t, gonng.NewPush0)
		dial(t, b, transport("abstract"), l.URL(), gonng.WithDialMode(gonng.DialWait))
	}
	if len(seen) != 3 {
		t.Errorf("names %v", seen)
	}
	waitPeers(t, a, 3)
}

func TestAbstractRefused(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPull0)
	for url, word := range map[string]string{
		"abstract://%":                           "escape",
		"abstract://%zz":                         "%zz",
		"abstract://" + strings.Repeat("x", 108): "107",
	} {
		_, err := s.Listen(testContext(t), url)
		wantError(t, err, "listen", gonng.ErrAddressInvalid)
		wantText(t, err.Error(), word)
		_, err = s.Dial(testContext(t), url)
		wantError(t, err, "dial", gonng.ErrAddressInvalid)
	}
	for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground} {
		_, err := s.Dial(testContext(t), "abstract://", gonng.WithDialMode(mode))
		wantError(t, err, "dial", gonng.ErrAddressInvalid)
	}
}

// A peer that reads no more, and is still there, is disconnected, counted and
// logged; what it sends until then is received.
func TestPeerStopsReading(t *testing.T) {
	gonngtest.NoLeaks(t)
	log := newRecorder()
	s := open(t, gonng.NewPair0, gonng.WithLogger(log.logger()))
	gone := departures(s)
	peer := scripted(t, s, transport("ipc"))
	check(t, peer.Conn().(*net.UnixConn).CloseRead())
	sendText(t, s, "not read")
	peer.SendFrame([]byte("but sent"))
	recvText(t, s, "but sent")
	p := wait(t, "the pipe ends", gone)
	wantError(t, p.Err(), "pipe", gonng.ErrConnectionReset)
	wantText(t, log.want(t, "disconnected", "level=WARN"), "stopped reading", "unsent=1")
	if got := s.Stats().Unsent; got != 1 {
		t.Errorf("%d messages were not sent, want 1", got)
	}
	peer.RecvAll()
}
