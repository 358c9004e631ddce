//go:build linux || darwin

package ipc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/ipc"
)

// TestCredentialsBeforeHandshake: a listener can say who has connected before the
// peer introduces itself, and if it never does.
func TestCredentialsBeforeHandshake(t *testing.T) {
	gonngtest.NoLeaks(t)
	path := filepath.Join(shortDir(t), "x")
	l, err := listen(t, path, 0)
	check(t, err)
	defer l.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	dialed := make(chan struct{})
	go func() {
		defer close(dialed)
		if _, err := (ipc.Transport{}).Dial(ctx, "ipc", path, &transport.Config{HandshakeTimeout: gonngtest.Timeout}); err == nil {
			t.Error("a connection that nobody answered is one")
		}
	}()
	peer, err := l.Accept()
	check(t, err)
	cred, err := peer.(transport.Credentials).PeerCred()
	check(t, err)
	if cred.PID != os.Getpid() {
		t.Errorf("the peer is process %d", cred.PID)
	}
	peer.Close()
	<-dialed
}
