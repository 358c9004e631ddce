package gonngtest

import (
	"net"
	"strings"
	"testing"

	"github.com/gonng/gonng"
)

// pair makes two sockets that are closed when the test ends.
func pair(t testing.TB) (a, b *gonng.Pair0) {
	t.Helper()
	a, err := gonng.NewPair0()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if b, err = gonng.NewPair0(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return a, b
}

func TestEachTransport(t *testing.T) {
	var ran []string
	EachTransport(t, func(t *testing.T, tr Transport) {
		ran = append(ran, tr.Name)
		ctx := Context(t, Timeout)
		a, b := pair(t)
		url := Connect(t, a, b, tr)
		if !strings.HasPrefix(url, tr.Name+"://") || strings.HasSuffix(url, ":0") {
			t.Errorf("connected at %s", url)
		}
		if len(a.Pipes()) != 1 || len(b.Pipes()) != 1 {
			t.Errorf("%d and %d peers", len(a.Pipes()), len(b.Pipes()))
		}
		if err := a.Send(ctx, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Recv(ctx); err != nil || string(got) != "hello" {
			t.Errorf("Recv = %q, %v", got, err)
		}
	})
	if got := strings.Join(ran, " "); !strings.HasPrefix(got, "tcp ipc inproc tls+tcp ws wss") {
		t.Errorf("ran over %s", got)
	}
}

// One listener can be connected to many dialers, one after the other.
func TestConnectMany(t *testing.T) {
	EachTransport(t, func(t *testing.T, tr Transport) {
		pull, err := gonng.NewPull0()
		if err != nil {
			t.Fatal(err)
		}
		defer pull.Close()
		seen := make(map[string]bool)
		for range 3 {
			push, err := gonng.NewPush0()
			if err != nil {
				t.Fatal(err)
			}
			defer push.Close()
			seen[Connect(t, pull, push, tr)] = true
		}
		if len(seen) != 3 || len(pull.Pipes()) != 3 {
			t.Errorf("addresses %v, %d peers", seen, len(pull.Pipes()))
		}
	})
}

func TestConnectFails(t *testing.T) {
	NoLeaks(t)
	for _, tr := range Transports {
		wantFailure(t, try(t, func(t testing.TB) {
			a, _ := pair(t)
			req, err := gonng.NewReq0()
			if err != nil {
				t.Fatal(err)
			}
			defer req.Close()
			Connect(t, a, req, tr)
		}), "req", "pair")
	}
}

func TestTransportURL(t *testing.T) {
	NoLeaks(t)
	EachTransport(t, func(t *testing.T, tr Transport) {
		if a, b := tr.URL(t), tr.URL(t); a == b && !strings.HasSuffix(a, ":0") {
			t.Errorf("%s twice", a)
		}
	})
	for _, tr := range Transports { // outside of a subtest of its own
		a, _ := pair(t)
		if _, err := a.Listen(Context(t, Timeout), tr.URL(t), tr.Listen...); err != nil {
			t.Error(err)
		}
	}
}

// What is left in the directory of a transport is found.
func TestRunFindsSocketFiles(t *testing.T) {
	dir := shortDir(t)
	failure := try(t, func(t testing.TB) {
		noLeaks(t, soon, dir)
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/left"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	})
	wantFailure(t, failure, "left Unix sockets", dir+"/left")
}

// Tests in parallel do not take each other's goroutines and descriptors for
// their own.
func TestParallel(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			EachTransport(t, func(t *testing.T, tr Transport) {
				a, b := pair(t)
				Connect(t, a, b, tr)
			})
		})
	}
}
