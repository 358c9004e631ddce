//go:build linux

package itest

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// poll is poll(2) for reading one descriptor.
func poll(t testing.TB, fd int, d time.Duration) bool {
	t.Helper()
	const in, invalid = 0x1, 0x20
	over := time.Now().Add(d)
	for {
		p := struct {
			fd              int32
			events, revents int16
		}{int32(fd), in, 0}
		left := syscall.NsecToTimespec(max(0, time.Until(over).Nanoseconds()))
		_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&left)), 0, 0, 0)
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			t.Fatal(errno)
		case p.revents&invalid != 0:
			t.Fatalf("descriptor %d is not open", fd)
		default:
			return p.revents&in != 0
		}
	}
}

// wantReadable waits until a descriptor is readable.
func wantReadable(t testing.TB, fd int) {
	t.Helper()
	if !poll(t, fd, patience) {
		t.Fatalf("the descriptor is not readable after %v", patience)
	}
}

func wantUnreadable(t testing.TB, fd int) {
	t.Helper()
	if poll(t, fd, 0) {
		t.Fatal("the descriptor is readable")
	}
}

func recvFD(t testing.TB, s gonng.Socket) int {
	t.Helper()
	fd, err := s.RecvFD()
	check(t, err)
	return fd
}

func sendFD(t testing.TB, s gonng.Socket) int {
	t.Helper()
	fd, err := s.SendFD()
	check(t, err)
	return fd
}

// Each protocol has the descriptors of its directions, which are gone when it
// is closed.
func TestPollFDs(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, p := range allProtocols {
		for _, make := range []gonngtest.Constructor{cooked[p], rawMaker(p)} {
			s := open(t, make)
			var open []int
			for _, tt := range []struct {
				op   string
				able bool
				get  func() (int, error)
			}{{"recv fd", receives(p), s.RecvFD}, {"send fd", sends(p), s.SendFD}} {
				fd, err := tt.get()
				if !tt.able {
					wantError(t, err, tt.op, gonng.ErrNotSupported)
					wantText(t, err.Error(), "the protocol does not")
					continue
				}
				check(t, err)
				again, err := tt.get()
				if fd < 0 || again != fd || err != nil {
					t.Errorf("%v: the descriptor is %d, then %d with error %v", p, fd, again, err)
				}
				open = append(open, fd)
			}
			check(t, s.Close())
			for _, fd := range open {
				var st syscall.Stat_t
				if err := syscall.Fstat(fd, &st); !errors.Is(err, syscall.EBADF) {
					t.Errorf("%v: descriptor %d after Close: %v, want EBADF", p, fd, err)
				}
			}
			_, err := s.RecvFD()
			if receives(p) {
				wantError(t, err, "recv fd", gonng.ErrClosed)
			} else {
				want(t, err, gonng.ErrNotSupported)
			}
		}
	}
}

// A descriptor is readable while there is something to receive.
func TestRecvFD(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range []flow{
			{"pair", gonngtest.ConstructorOf(gonng.NewPair0), gonngtest.ConstructorOf(gonng.NewPair0)},
			{"pair1", gonngtest.ConstructorOf(gonng.NewPair1), gonngtest.ConstructorOf(gonng.NewPair1)},
			{"pull", gonngtest.ConstructorOf(gonng.NewPush0), gonngtest.ConstructorOf(gonng.NewPull0)},
			{"sub", gonngtest.ConstructorOf(gonng.NewPub0), gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics(""))},
			{"bus", gonngtest.ConstructorOf(gonng.NewBus0), gonngtest.ConstructorOf(gonng.NewBus0)},
			{"rep", rawMaker(gonng.ProtocolReq0), gonngtest.ConstructorOf(gonng.NewRep0)},
			{"respondent", rawMaker(gonng.ProtocolSurveyor0), gonngtest.ConstructorOf(gonng.NewRespondent0)},
			{"raw rep", rawMaker(gonng.ProtocolReq0), rawMaker(gonng.ProtocolRep0)},
		} {
			t.Run(tt.name, func(t *testing.T) {
				from, to := open(t, tt.from), open(t, tt.to)
				link(t, to, from, tr)
				early := recvFD(t, to)
				wantUnreadable(t, early)
				for range 3 {
					sendRaw(t, from.(gonng.Sender), endWord(1), []byte("1"))
					sendRaw(t, from.(gonng.Sender), endWord(1), []byte("2"))
					wantReadable(t, early)
					arrivedAll := func() bool { return to.Stats().RecvQueue == 2 }
					gonngtest.Eventually(t, arrivedAll, "both have arrived")
					recvText(t, to.(gonng.Receiver), "1")
					if !poll(t, early, 0) {
						t.Fatal("the descriptor is not readable while there is a message")
					}
					recvText(t, to.(gonng.Receiver), "2")
					wantUnreadable(t, early)
					_, err := to.(gonng.Receiver).TryRecv()
					want(t, err, gonng.ErrTryAgain)
				}
				// One that is made later knows what has arrived.
				later := open(t, tt.to)
				first := open(t, tt.from)
				link(t, later, first, tr)
				sendRaw(t, first.(gonng.Sender), endWord(1), []byte("1"))
				gonngtest.Eventually(t, func() bool { return later.Stats().RecvQueue == 1 }, "the message has arrived")
				if !poll(t, recvFD(t, later), 0) {
					t.Error("the descriptor is not readable while there is a message")
				}
				// What a peer sent before it went is there.
				leave(t, first, later)
				if !poll(t, recvFD(t, later), 0) {
					t.Error("the descriptor is not readable while there is a message of a peer that has gone")
				}
				recvText(t, later.(gonng.Receiver), "1")
				wantUnreadable(t, recvFD(t, later))
			})
		}
	})
}

func TestReqRecvFD(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		fd := recvFD(t, req)
		wantUnreadable(t, fd)
		sendText(t, req, "request")
		recvText(t, rep, "request")
		wantUnreadable(t, fd)
		sendText(t, rep, "reply")
		wantReadable(t, fd)
		recvText(t, req, "reply")
		wantUnreadable(t, fd)
		sendText(t, req, "request")
		recvText(t, rep, "request")
		sendText(t, rep, "reply")
		wantReadable(t, fd)
		sendText(t, req, "another") // gives the reply up
		wantUnreadable(t, fd)

		// A request that has failed is told, too.
		once, rep := requesting(t, tr, gonng.WithResendTime(0))
		fd = recvFD(t, once)
		sendText(t, once, "request")
		recvText(t, rep, "request")
		check(t, rep.Close())
		wantReadable(t, fd)
		_, err := once.TryRecv()
		want(t, err, gonng.ErrConnectionReset)
		wantUnreadable(t, fd)
	})
}

// The end of a survey is received, too.
func TestSurveyorRecvFD(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := surveying(t, tr, []string{"a", "b"}, gonng.WithSurveyTime(short))
		fd := recvFD(t, surveyor)
		wantUnreadable(t, fd)
		sendText(t, surveyor, "?")
		var err error
		for n := 0; err == nil; n++ {
			wantReadable(t, fd)
			if _, err = surveyor.TryRecv(); n == 2 {
				want(t, err, gonng.ErrTimeout)
			}
		}
		want(t, err, gonng.ErrTimeout)
		wantUnreadable(t, fd)
	})
}

// A descriptor is readable while a peer has room.
func TestSendFD(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range []flow{
			{"pair", gonngtest.ConstructorOf(gonng.NewPair0), gonngtest.ConstructorOf(gonng.NewPair0)},
			{"pair1", gonngtest.ConstructorOf(gonng.NewPair1), gonngtest.ConstructorOf(gonng.NewPair1)},
			{"push", gonngtest.ConstructorOf(gonng.NewPush0), gonngtest.ConstructorOf(gonng.NewPull0)},
			{"req", gonngtest.ConstructorOf(gonng.NewReq0), rawMaker(gonng.ProtocolRep0)},
			{"raw push", rawMaker(gonng.ProtocolPush0), gonngtest.ConstructorOf(gonng.NewPull0)},
			{"raw req", rawMaker(gonng.ProtocolReq0), rawMaker(gonng.ProtocolRep0)},
		} {
			t.Run(tt.name, func(t *testing.T) {
				from, to := open(t, tt.from, gonng.WithSendBuffer(2), gonng.WithLinger(0)), open(t, tt.to, gonng.WithRecvBuffer(2))
				fd := sendFD(t, from)
				if tt.name == "req" { // the others hold two messages while nobody is connected
					wantUnreadable(t, fd)
				} else {
					wantReadable(t, fd)
				}
				_, d := link(t, to, from, tr)
				wantReadable(t, fd)
				send := func() error {
					m := gonng.NewRawMessage(endWord(1), make([]byte, 64<<10))
					return from.(gonng.Sender).TrySendMsg(m)
				}
				// It is full when the descriptor is not readable for longer than the
				// writer needs to take what waits.
				sent, untold := 0, 0
				for full := false; !full; {
					readable := poll(t, fd, 20*time.Millisecond)
					switch err := send(); {
					case err == nil:
						sent++
						if !readable { // it may just have become so
							untold++
						}
					case readable:
						t.Fatalf("message %d: %v, though the descriptor was readable", sent, err)
					default:
						want(t, err, gonng.ErrTryAgain)
						full = true
					}
				}
				if untold > 3 {
					t.Errorf("%d of %d messages could be sent though the descriptor was not readable", untold, sent)
				}
				for sent > 0 {
					_, err := to.(gonng.Receiver).Recv(testContext(t))
					check(t, err)
					sent--
				}
				wantReadable(t, fd)
				check(t, send())
				d.Close()
				if tt.name == "req" {
					gonngtest.Eventually(t, func() bool { return !poll(t, fd, 0) }, "without a peer the descriptor is not readable")
				} else {
					wantReadable(t, fd)
				}
			})
		}
	})
}

// Who never waits can always send.
func TestSendFDAlways(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, make := range []gonngtest.Constructor{
		gonngtest.ConstructorOf(gonng.NewPub0), gonngtest.ConstructorOf(gonng.NewBus0), gonngtest.ConstructorOf(gonng.NewSurveyor0),
		rawMaker(gonng.ProtocolPub0), rawMaker(gonng.ProtocolBus0), rawMaker(gonng.ProtocolSurveyor0),
		rawMaker(gonng.ProtocolRep0), rawMaker(gonng.ProtocolRespondent0), // to nobody
	} {
		s := open(t, make)
		if !poll(t, sendFD(t, s), 0) {
			t.Errorf("the descriptor of a %v is not readable; it is raw: %v", s.Protocol(), s.Raw())
		}
		check(t, s.(gonng.Sender).TrySend(nil))
	}
}

// A replier can send when it has a request, also when the requester has gone.
func TestRepSendFD(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		fd := sendFD(t, rep)
		wantUnreadable(t, fd)
		for range 3 {
			sendText(t, req, "request")
			recvText(t, rep, "request")
			wantReadable(t, fd)
			sendText(t, rep, "reply")
			wantUnreadable(t, fd)
			recvText(t, req, "reply")
		}
		sendText(t, req, "request")
		recvText(t, rep, "request")
		leave(t, req, rep)
		wantReadable(t, fd)
		check(t, rep.TrySend([]byte("to nobody")))
		wantUnreadable(t, fd)
	})
}

// Two event loops that know nothing but their descriptors pass everything on,
// and are never told that they may when they may not.
func TestPollLoops(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range []flow{
			{"pair", gonngtest.ConstructorOf(gonng.NewPair0), gonngtest.ConstructorOf(gonng.NewPair0)},
			{"push to pull", gonngtest.ConstructorOf(gonng.NewPush0), gonngtest.ConstructorOf(gonng.NewPull0)},
		} {
			t.Run(tt.name, func(t *testing.T) {
				from, to := open(t, tt.from, gonng.WithSendBuffer(3)), open(t, tt.to, gonng.WithRecvBuffer(3))
				link(t, to, from, tr)
				out, in := sendFD(t, from), recvFD(t, to)
				const messages, size = 2000, 8 << 10
				sent := concurrently(func() error {
					for i := range messages {
						if !poll(t, out, patience) {
							return fmt.Errorf("message %d: the descriptor is not readable after %v", i, patience)
						}
						if err := from.(gonng.Sender).TrySend(numbered(i, size)); err != nil {
							return fmt.Errorf("message %d: %w", i, err)
						}
					}
					return nil
				})
				for i := range messages {
					wantReadable(t, in)
					got, err := to.(gonng.Receiver).TryRecv()
					check(t, err)
					wantBody(t, got, numbered(i, size))
				}
				wantUnreadable(t, in)
				check(t, <-sent)
			})
		}
	})
}
