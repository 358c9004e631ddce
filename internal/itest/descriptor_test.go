//go:build unix

package itest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// descriptorPair is two connected descriptors.
func descriptorPair(t testing.TB) (ours, theirs *os.File) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	check(t, err)
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	return os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
}

// given is the URL of a descriptor that f gives away.
func given(t testing.TB, f *os.File) string {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd()))
	check(t, err)
	check(t, f.Close())
	return fmt.Sprint("socket://", fd)
}

// socketURLs are the URLs of two connected descriptors.
func socketURLs(t testing.TB) (x, y string) {
	t.Helper()
	ours, theirs := descriptorPair(t)
	return given(t, ours), given(t, theirs)
}

// A parent and its child talk over a socketpair, each by its descriptor.
func TestDescriptorOfChild(t *testing.T) {
	gonngtest.NoLeaks(t)
	ours, theirs := descriptorPair(t)
	server := startChild(t, "answer", "socket://3", theirs)
	check(t, theirs.Close())
	server.want(t, "dialing")
	req := open(t, gonng.NewReq0)
	url := given(t, ours)
	d, err := req.Dial(testContext(t), url)
	check(t, err)
	reply, err := req.Request(testContext(t), []byte("hello"))
	check(t, err)
	wantBody(t, reply, []byte("hello"))
	p := req.Pipes()[0]
	if p.Dialer() != d || p.URL() != url || p.RemoteAddr().Network() != "unix" {
		t.Errorf("the pipe is of %v, %s, to %v", p.Dialer(), p.URL(), p.RemoteAddr())
	}
	gone := departures(req)
	server.kill(t)
	want(t, wait(t, "disconnect", gone).Err(), gonng.ErrConnectionReset)
	gonngtest.Eventually(t, func() bool { return len(req.Dialers()) == 0 }, "the dialer has closed itself")
	want(t, d.LastError(), gonng.ErrConnectionReset)
}

// The framing is that of tcp, also over a Unix socket.
func TestDescriptorFraming(t *testing.T) {
	gonngtest.NoLeaks(t)
	ours, theirs := descriptorPair(t)
	s := open(t, gonng.NewPair0)
	_, err := s.Dial(testContext(t), given(t, ours), gonng.WithDialMode(gonng.DialBackground))
	check(t, err)
	peer := gonngtest.NewPeer(t, fileConn(t, theirs), gonngtest.StreamFraming)
	peer.Handshake(gonng.ProtocolPair0)
	peer.SendFrame([]byte("hello"))
	b, err := s.Recv(testContext(t))
	check(t, err)
	wantBody(t, b, []byte("hello"))
}

// A failure is the end: there is nothing to try again with.
func TestDescriptorRefused(t *testing.T) {
	gonngtest.NoLeaks(t)
	log := newRecorder()
	s := open(t, gonng.NewPair0, gonng.WithLogger(log.logger()))
	for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait} {
		ours, theirs := descriptorPair(t)
		check(t, theirs.Close())
		_, err := s.Dial(testContext(t), given(t, ours), gonng.WithDialMode(mode))
		wantError(t, err, "dial", gonng.ErrConnectionReset)
	}
	ours, theirs := descriptorPair(t)
	check(t, theirs.Close())
	_, err := s.Dial(testContext(t), given(t, ours), gonng.WithDialMode(gonng.DialBackground))
	check(t, err)
	log.want(t, "level=WARN", "cannot connect", "socket://")
	gonngtest.Eventually(t, func() bool { return len(s.Dialers()) == 0 }, "the dialer has closed itself")

	for _, address := range []string{"", "x", "-1", "3/", "99999999999", "1000000"} {
		for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground} {
			_, err := s.Dial(testContext(t), "socket://"+address, gonng.WithDialMode(mode))
			wantError(t, err, "dial", gonng.ErrAddressInvalid)
		}
		_, err = s.Listen(testContext(t), "socket://"+address)
		wantError(t, err, "listen", gonng.ErrAddressInvalid)
	}
	if n := len(s.Dialers()) + len(s.Listeners()); n != 0 {
		t.Errorf("%d dialers or listeners are left", n)
	}
}

// What is no socket, or the wrong one, is left as it is.
func TestDescriptorOfSomethingElse(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	check(t, err)
	defer file.Close()
	ours, theirs := descriptorPair(t)
	defer ours.Close()
	defer theirs.Close()
	url := fmt.Sprint("socket://", file.Fd())
	_, err = s.Dial(testContext(t), url)
	wantError(t, err, "dial", gonng.ErrAddressInvalid)
	wantText(t, err.Error(), fmt.Sprint("descriptor ", file.Fd(), ": socket operation on non-socket"))
	_, err = s.Listen(testContext(t), url)
	wantError(t, err, "listen", gonng.ErrAddressInvalid)
	_, err = s.Listen(testContext(t), fmt.Sprint("socket://", ours.Fd()))
	wantError(t, err, "listen", gonng.ErrAddressInvalid)
	wantText(t, err.Error(), "does not listen", "dialed")
	for _, f := range []*os.File{file, ours} {
		_, err := io.WriteString(f, "still open")
		check(t, err)
	}
}

// listening is a listener's descriptor, and where to dial it.
func listening(t testing.TB, network, address string) (*os.File, string) {
	t.Helper()
	l, err := net.Listen(network, address)
	check(t, err)
	f, err := l.(interface{ File() (*os.File, error) }).File()
	check(t, err)
	if ul, ok := l.(*net.UnixListener); ok {
		ul.SetUnlinkOnClose(false)
	}
	check(t, l.Close())
	if network == "unix" {
		return f, "ipc://" + l.Addr().String()
	}
	return f, "tcp://" + l.Addr().String()
}

func TestDescriptorListen(t *testing.T) {
	gonngtest.NoLeaks(t)
	_, path := socketPath(t)
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": path} {
		t.Run(network, func(t *testing.T) {
			f, url := listening(t, network, address)
			a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			l, err := a.Listen(testContext(t), given(t, f))
			check(t, err)
			if l.URL() != url {
				t.Errorf("listens at %s, want %s", l.URL(), url)
			}
			_, err = b.Dial(testContext(t), url, gonng.WithDialMode(gonng.DialWait))
			check(t, err)
			check(t, b.Send(testContext(t), []byte("hello")))
			_, err = a.Recv(testContext(t))
			check(t, err)
		})
	}
	check(t, os.Remove(path)) // is there still: whoever made it removes it
}

func TestSystemdListeners(t *testing.T) {
	gonngtest.NoLeaks(t)
	_, path := socketPath(t)
	first, tcp := listening(t, "tcp", "127.0.0.1:0")
	second, ipc := listening(t, "unix", path)
	service := startChild(t, "activated", "2", first, second)
	service.want(t, "listeners 2 0 <nil> 0")
	service.want(t, tcp)
	service.want(t, ipc)
	check(t, first.Close())
	check(t, second.Close())
	for _, url := range []string{tcp, ipc} {
		req := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithDial(url)))
		reply, err := req.Request(testContext(t), []byte("hello"))
		check(t, err)
		wantBody(t, reply, []byte("hello"))
	}
	service.finish(t)
	check(t, os.Remove(path)) // is there still, for the next start
}

// Descriptors that do not listen are an error.
func TestSystemdListenersRefused(t *testing.T) {
	gonngtest.NoLeaks(t)
	first, _ := listening(t, "tcp", "127.0.0.1:0")
	defer first.Close()
	ours, theirs := descriptorPair(t)
	defer ours.Close()
	defer theirs.Close()
	for count, word := range map[string]string{"2": "descriptor 4", "none": `"none"`} {
		service := startChild(t, "activated", count, first, theirs)
		line := service.says(t)
		if !strings.HasPrefix(line, "error") || !strings.Contains(line, word) {
			t.Errorf("the child said %q, want an error with %s", line, word)
		}
		service.finish(t)
	}
}

// A process that systemd did not start gets nothing.
func TestNoSystemdListeners(t *testing.T) {
	for _, pid := range []string{"", "1"} {
		t.Setenv("LISTEN_PID", pid)
		t.Setenv("LISTEN_FDS", "1")
		listeners, err := gonng.SystemdListeners()
		if len(listeners) > 0 || err != nil {
			t.Errorf("%d listeners, %v", len(listeners), err)
		}
	}
}
