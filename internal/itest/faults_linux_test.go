package itest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Faults of the machine: no descriptors, a full disk, little memory, a cable that is pulled.
// They happen in children, which have limits and namespaces of their own.

// apart is a process with namespaces of its own: user and flags.
func apart(flags uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  flags | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
}

// runApart runs a role in namespaces of its own to its end. It skips the test where the
// system does not allow that.
func runApart(t *testing.T, flags uintptr, role, words string) {
	t.Helper()
	gonngtest.NoLeaks(t)
	c := startChildIn(t, apart(flags), role, words)
	for line := range c.lines {
		t.Log(line)
		if why, ok := strings.CutPrefix(line, "skip "); ok {
			t.Skip(why)
		}
	}
	c.finish(t)
}

// needNamespaces skips the test where a process cannot have namespaces.
func needNamespaces(t *testing.T) {
	t.Helper()
	if err := tryNamespaces(); err != nil {
		t.Skip("this system has no user namespaces for us:", err)
	}
}

// tryNamespaces starts a process with namespaces that does nothing.
func tryNamespaces() error {
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Sys: apart(syscall.CLONE_NEWNET | syscall.CLONE_NEWNS)})
	if err != nil {
		return err
	}
	_, err = p.Wait()
	return err
}

// linkUp switches the loopback interface of this network namespace on or off.
func linkUp(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	check(t, err)
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	check(t, err)
	if up {
		request.SetUint16(unix.IFF_UP)
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(request)))
	if errno != 0 {
		t.Fatal(errno)
	}
}

// pulled is the role of a child in a network of its own: the cable is pulled while messages
// are under way, for a moment; for longer than keep-alive; and during Close.
func pulled(t *testing.T, _ string, say func(...any)) {
	linkUp(t, true)
	keepAlive := gonng.WithTCPKeepAlive(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2})
	pull := open(t, gonng.NewPull0)
	l, err := pull.Listen(t.Context(), "tcp://127.0.0.1:0", keepAlive)
	check(t, err)
	push := open(t, gonng.NewPush0, reconnect(time.Millisecond, 20*time.Millisecond), gonng.WithLinger(300*time.Millisecond))
	_, err = push.Dial(t.Context(), l.URL(), keepAlive)
	check(t, err)
	n, next := 0, 0
	send := func(count int) {
		t.Helper()
		for range count {
			check(t, push.Send(testContext(t), numbered(n, 100)))
			n++
		}
	}
	receive := func() {
		t.Helper()
		for ; next < n; next++ {
			m, err := pull.Recv(testContext(t))
			check(t, err)
			wantBody(t, m, numbered(next, 100))
		}
	}
	send(100)
	receive()

	linkUp(t, false)
	send(100)
	linkUp(t, true)
	receive()
	if push.Stats().Connects != 1 {
		t.Errorf("after a moment there are %d connections", push.Stats().Connects)
	}
	say("a moment: nothing is lost")

	gone := departures(push)
	linkUp(t, false)
	send(1)
	p := wait(t, "the end of the connection", gone)
	if !errors.Is(p.Err(), gonng.ErrTimeout) && !errors.Is(p.Err(), gonng.ErrUnreachable) {
		t.Errorf("the connection ended by %v", p.Err())
	}
	linkUp(t, true)
	waitPeers(t, push, 1)
	next++ // what was with the operating system is lost, no more
	send(100)
	receive()
	say("longer than keep-alive: what was on its way is lost, and it goes on")

	linkUp(t, false)
	send(100)
	for full := 0; full < 5 && len(pull.Pipes()) > 0; { // more than the system takes
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		if push.Send(ctx, make([]byte, 1<<20)) != nil {
			full++ // the sender's goroutine may only not have had its turn
		}
		cancel()
	}
	begin := time.Now()
	err = push.Close()
	wantError(t, err, "close", gonng.ErrTimeout)
	wantText(t, err.Error(), "messages were not sent in time")
	if d := time.Since(begin); d < 250*time.Millisecond {
		t.Errorf("Close took %v of its linger", d)
	}
	if st := push.Stats(); st.Unsent == 0 {
		t.Errorf("nothing is counted as Unsent: %+v", st)
	}
	say("during Close: it ends with its linger, and says what is left")
}

// TestCablePulled: in a network of its own.
func TestCablePulled(t *testing.T) {
	needNamespaces(t)
	runApart(t, syscall.CLONE_NEWNET, "pulled", "")
}

// fullDisk is the role of a child with a file system of its own, without room for a socket
// file, and then read-only.
func fullDisk(t *testing.T, dir string, say func(...any)) {
	check(t, unix.Mount("none", dir, "tmpfs", 0, "nr_inodes=2")) // the directory and one file
	file := filepath.Join(dir, "x")
	check(t, os.WriteFile(file, nil, 0o600))
	url := "ipc://" + filepath.Join(dir, "s")
	rep := open(t, gonng.NewRep0)
	serving(t, rep, echo)
	_, err := rep.Listen(t.Context(), url)
	wantError(t, err, "listen", gonng.ErrNoSpace)
	check(t, os.Remove(file))
	_, err = rep.Listen(t.Context(), url)
	check(t, err)
	say("a full disk is ErrNoSpace, and then it goes on")

	check(t, unix.Mount("none", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	_, err = open(t, gonng.NewRep0).Listen(t.Context(), url+"2")
	wantError(t, err, "listen", gonng.ErrReadOnly)
	req := dialed(t, url)
	answer, err := req.Request(testContext(t), []byte("x"))
	check(t, err)
	wantBody(t, answer, []byte("x"))
	say("a read-only disk is ErrReadOnly, and clients connect and are served")
	check(t, rep.Close()) // which cannot remove the file
	check(t, unix.Mount("none", dir, "", unix.MS_REMOUNT, ""))
	check(t, open(t, gonng.NewRep0, gonng.SocketOption(gonng.WithListen(url))).Close())
	say("the file that is left is replaced")
}

// TestFullDisk: in a file system of its own.
func TestFullDisk(t *testing.T) {
	needNamespaces(t)
	runApart(t, syscall.CLONE_NEWNS, "fulldisk", t.TempDir())
}

// dialed is a requester that is connected.
func dialed(t *testing.T, url string) *gonng.Req0 {
	t.Helper()
	req := open(t, gonng.NewReq0, quick(nil)...)
	_, err := req.Dial(t.Context(), url, gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	return req
}

// quick are the options of a requester that reconnects soon, and logs to log or nobody.
func quick(log *recorder) []gonng.ReqOption {
	opts := []gonng.ReqOption{reconnect(time.Millisecond, 10*time.Millisecond)}
	if log != nil {
		return append(opts, gonng.WithLogger(log.logger()))
	}
	return append(opts, gonng.WithLogger(nil))
}

// noFiles is the role of a child that runs out of descriptors, until a line says go.
func noFiles(t *testing.T, _ string, say func(...any)) {
	log := newRecorder()
	rep := open(t, gonng.NewRep0, gonng.WithLogger(log.logger()))
	serving(t, rep, echo)
	l := listen(t, rep, transport("tcp"))
	say(l.URL())
	waitPeers(t, rep, 1)
	var limit, before syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	limit = before
	limit.Cur = 0 // no number is below that
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	_, err := open(t, gonng.NewReq0).Dial(t.Context(), l.URL(), gonng.WithDialMode(gonng.DialWait))
	wantError(t, err, "dial", gonng.ErrNoFiles)
	late := open(t, gonng.NewReq0, quick(log)...)
	_, err = late.Dial(t.Context(), l.URL())
	check(t, err)
	say("full")
	log.want(t, "cannot accept", l.URL())
	say("cannot accept")
	waitPeers(t, rep, 1) // the first is still there
	awaitEOF()
	check(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	_, err = late.Request(testContext(t), []byte("x"))
	check(t, err)
	waitPeers(t, rep, 3)
	gonngtest.Eventually(t, func() bool { return rep.Stats().Received == 3 }, "all three have asked")
	say("more")
}

// TestDescriptorsExhausted: a process without descriptors serves the peers that it has. When
// there are descriptors again, it takes those that have waited, and its own dialers connect.
func TestDescriptorsExhausted(t *testing.T) {
	c := startChild(t, "nofiles", "")
	url := c.says(t)
	first := dialed(t, url)
	waitPeers(t, first, 1)
	c.want(t, "full")
	second := open(t, gonng.NewReq0, quick(nil)...)
	_, err := second.Dial(t.Context(), url, gonng.WithDialMode(gonng.DialBackground))
	check(t, err)
	c.want(t, "cannot accept")
	answer, err := first.Request(testContext(t), []byte("x"))
	check(t, err)
	wantBody(t, answer, []byte("x"))
	check(t, c.stdin.Close())
	answer, err = second.Request(testContext(t), []byte("y"))
	check(t, err)
	wantBody(t, answer, []byte("y"))
	c.want(t, "more")
	for range c.lines {
	}
	c.ended = true
	check(t, c.cmd.Wait())
}

// fed is the role of a child that may use little memory, and does not receive. words are a
// protocol and a URL.
func fed(t *testing.T, words string, say func(...any)) {
	status, err := os.ReadFile("/proc/self/status")
	check(t, err)
	_, rest, _ := strings.Cut(string(status), "VmData:")
	used, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64) // KiB
	check(t, err)
	limit := syscall.Rlimit{Cur: used<<10 + fedLimit, Max: used<<10 + fedLimit}
	check(t, syscall.Setrlimit(syscall.RLIMIT_DATA, &limit))
	s := openNamed(t, words, say)
	awaitEOF()
	say("alive", len(s.Pipes()))
}

// fedLimit is the memory of a child, and fedBytes what it is sent.
const fedLimit, fedBytes = 96 << 20, 256 << 20

// TestMemoryLimit: a process that may use little memory survives a peer that sends much more
// than that, whatever protocol it does not receive with.
func TestMemoryLimit(t *testing.T) {
	pairs := append(faultPairs, faultPair{gonng.ProtocolReq0, gonng.ProtocolRep0, false}, faultPair{gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0, true})
	for _, p := range pairs {
		t.Run(fmt.Sprint(p.to), func(t *testing.T) {
			gonngtest.NoLeaks(t)
			c := startChild(t, "fed", fmt.Sprint(uint16(p.to), " listens ", transport("ipc").URL(t)))
			_, url, _ := strings.Cut(c.says(t), " ")
			peer := gonngtest.Dial(t, url)
			peer.Handshake(p.from)
			var frame []byte
			for range 64 {
				frame = append(frame, gonngtest.Frame(gonngtest.IPCFraming, append([]byte{0x80, 0, 0, 1}, make([]byte, 16<<10)...))...)
			}
			if p.to == gonng.ProtocolPair1 {
				frame = gonngtest.Frame(gonngtest.IPCFraming, append([]byte{0, 0, 0, 1}, make([]byte, 16<<10)...))
			}
			for sent := 0; sent < fedBytes; sent += len(frame) {
				check(t, peer.Conn().SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
				if _, err := peer.Conn().Write(frame); err != nil {
					break // it reads no more
				}
			}
			check(t, c.stdin.Close())
			wantText(t, c.says(t), "alive")
			for range c.lines {
			}
			c.ended = true
			check(t, c.cmd.Wait())
		})
	}
}

// TestPortTakenOver: while a listener is away others take its port, who speak another
// protocol or none. The dialer says so, and goes on when the listener is back.
func TestPortTakenOver(t *testing.T) {
	gonngtest.NoLeaks(t)
	req := open(t, gonng.NewReq0, quick(nil)...)
	rep := open(t, gonng.NewRep0)
	serving(t, rep, echo)
	l := listenForNow(t, rep, transport("tcp"))
	url, addr := l.URL(), l.Addr().String()
	d := dial(t, req, transport("tcp"), url)
	leave(t, rep, req)
	says := func(words string) {
		t.Helper()
		var err error // one that was on its way when the other closed may be of another kind
		gonngtest.Eventually(t, func() bool {
			err = d.LastError()
			return errors.Is(err, gonng.ErrProtocol) && strings.Contains(err.Error(), words)
		}, "the dialer says "+words)
		wantError(t, err, "dial", gonng.ErrProtocol)
	}

	pub := open(t, gonng.NewPub0, gonng.SocketOption(gonng.WithListen(url)), gonng.WithLogger(nil))
	says("the peer speaks pub")
	check(t, pub.Close())

	nl, err := net.Listen("tcp", addr)
	check(t, err)
	stranger := concurrently(func() error {
		for {
			nc, err := nl.Accept()
			if err != nil {
				return nil
			}
			_, _ = io.ReadFull(nc, make([]byte, 8)) // a close with unread bytes would destroy the answer
			_, _ = nc.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			_ = nc.Close()
		}
	})
	says("handshake")
	check(t, nl.Close())
	check(t, wait(t, "the stranger", stranger))

	again := open(t, gonng.NewRep0, gonng.SocketOption(gonng.WithListen(url)))
	serving(t, again, echo)
	answer, err := req.Request(testContext(t), []byte("x"))
	check(t, err)
	wantBody(t, answer, []byte("x"))
}
