package itest

import (
	"os"
	"runtime"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// needProcess skips the test where the system does not tell the peer's process.
func needProcess(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("tells no process on", runtime.GOOS)
	}
}

func TestPeerCred(t *testing.T) {
	needProcess(t)
	self := gonng.PeerCred{UID: uint32(os.Getuid()), GID: uint32(os.Getgid()), PID: os.Getpid()}
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
		atConnect := make(chan gonng.PeerCred, 1)
		a.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) {
			cred, _ := p.PeerCred()
			atConnect <- cred
		})
		gonngtest.Connect(t, a, b, tr)
		pipes := []*gonng.Pipe{a.Pipes()[0], b.Pipes()[0]}
		if tr.Name != "ipc" && tr.Name != "abstract" {
			for _, p := range pipes {
				_, err := p.PeerCred()
				wantError(t, err, "peer credentials", gonng.ErrNotSupported)
			}
			return
		}
		for _, p := range pipes {
			cred, err := p.PeerCred()
			check(t, err)
			if cred != self {
				t.Errorf("the peer is %+v, want %+v", cred, self)
			}
		}
		if got := <-atConnect; got != self {
			t.Errorf("in the hook it is %+v", got)
		}
		pipes[0].Close()
		_, err := pipes[0].PeerCred()
		wantError(t, err, "peer credentials", gonng.ErrClosed)
	})
}

// The peer is the process at the other end, not this one.
func TestPeerCredOfChild(t *testing.T) {
	needProcess(t)
	gonngtest.NoLeaks(t)
	req := open(t, gonng.NewReq0)
	server := startChild(t, "answer", listen(t, req, transport("ipc")).URL())
	waitPeers(t, req, 1)
	cred, err := req.Pipes()[0].PeerCred()
	check(t, err)
	if want := server.cmd.Process.Pid; cred.PID != want {
		t.Errorf("the peer is process %d, want %d", cred.PID, want)
	}
	server.finish(t)
}

// A connection without descriptor has no credentials.
func TestPeerCredOfNetPipe(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	inMemory(t, s)
	_, err := s.Pipes()[0].PeerCred()
	wantError(t, err, "peer credentials", gonng.ErrNotSupported)
}
