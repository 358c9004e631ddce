package itest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Faults of whole processes: a peer that is killed or stopped, at either side and with every
// protocol.

// faultPair is the protocols of a sender and its peer.
type faultPair struct {
	from, to gonng.Protocol
	lossy    bool // the sender drops what its peer does not take
}

var faultPairs = []faultPair{
	{gonng.ProtocolPush0, gonng.ProtocolPull0, false},
	{gonng.ProtocolPair0, gonng.ProtocolPair0, false},
	{gonng.ProtocolPair1, gonng.ProtocolPair1, false},
	{gonng.ProtocolPub0, gonng.ProtocolSub0, true},
	{gonng.ProtocolBus0, gonng.ProtocolBus0, true},
}

var askingPairs = []faultPair{
	{gonng.ProtocolReq0, gonng.ProtocolRep0, false},
	{gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0, true},
}

const (
	faultSize = 1 << 10
	faultMany = 16_000 // of this size are more than all queues of a peer hold
	faultEnd  = "end"
)

// openNamed opens the socket of a child, and connects it. words are the number of its
// protocol, whether it listens, and the URL.
func openNamed(t *testing.T, words string, say func(...any)) gonng.Socket {
	var p uint16
	var side, url string
	_, err := fmt.Sscan(words, &p, &side, &url)
	check(t, err)
	s := open(t, cooked[gonng.Protocol(p)], reconnect(time.Millisecond, 50*time.Millisecond))
	if sub, ok := s.(*gonng.Sub0); ok {
		check(t, sub.Subscribe(""))
	}
	if side == "listens" {
		l, err := s.Listen(t.Context(), url)
		check(t, err)
		url = l.URL()
	} else {
		_, err := s.Dial(t.Context(), url)
		check(t, err)
	}
	say("open", url)
	return s
}

// count receives until it gets faultEnd, and says how many messages that were and how many
// it has dropped itself. What asks gets its body as the answer.
func count(t *testing.T, words string, say func(...any)) {
	s := openNamed(t, words, say)
	n := 0
	for m, err := range s.(gonng.Receiver).All(t.Context()) {
		check(t, err)
		if p := s.Protocol(); p == gonng.ProtocolRep0 || p == gonng.ProtocolRespondent0 {
			check(t, s.(gonng.Sender).Send(t.Context(), m))
		}
		if string(m) == faultEnd {
			say("received", n+int(s.Stats().DroppedFull))
			n = -1
		}
		n++
	}
}

// number sends faultMany messages, and says how many it has dropped.
func number(t *testing.T, words string, say func(...any)) {
	s := openNamed(t, words, say)
	waitPeers(t, s, 1)
	for i := range faultMany {
		check(t, s.(gonng.Sender).Send(t.Context(), numbered(i, faultSize)))
	}
	drainTo(t, s)
	say("sent", faultMany-int(s.Stats().DroppedFull))
	awaitEOF()
}

// allFaults has each fault tried with every transport and side, which takes minutes.
var allFaults = os.Getenv("GONNG_FAULTS") == "all"

// eachFault runs f for every pair: over tcp or ipc, with the child at one side, or all of
// that with GONNG_FAULTS=all. connect starts a child and connects s to it.
func eachFault(t *testing.T, pairs []faultPair, role string, f func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child)) {
	for i, p := range pairs {
		for j, name := range []string{"tcp", "ipc"} {
			for k, side := range []string{"listens", "dials"} {
				if !allFaults && (j != i%2 || k != i/2%2) {
					continue
				}
				own, other := p.from, p.to
				if role == "number" {
					own, other = p.to, p.from
				}
				t.Run(fmt.Sprint(p.from, "/", name, "/child ", side), func(t *testing.T) {
					s := open(t, cooked[own], reconnect(time.Millisecond, 50*time.Millisecond), gonng.WithLinger(0))
					if sub, ok := s.(*gonng.Sub0); ok {
						check(t, sub.Subscribe(""))
					}
					tr := transport(name)
					url := ""
					if side == "dials" {
						url = listen(t, s, tr).URL()
					}
					f(t, p, s, func() *child {
						t.Helper()
						first := url == ""
						if first {
							url = tr.URL(t)
						}
						c := startChild(t, role, fmt.Sprint(uint16(other), " ", side, " ", url))
						line := c.says(t)
						if first {
							_, url, _ = strings.Cut(line, " ")
							_, err := s.Dial(testContext(t), url)
							check(t, err)
						}
						waitPeers(t, s, 1)
						return c
					})
				})
			}
		}
	}
}

// TestPeerKilled: the peer is killed, while messages are under way. Its pipe ends, and what
// takes its place goes on.
func TestPeerKilled(t *testing.T) {
	eachFault(t, faultPairs, "count", func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child) {
		c := connect()
		gone := departures(s)
		stop := make(chan struct{})
		flood := concurrently(func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
					if err := s.(gonng.Sender).TrySend(make([]byte, faultSize)); err != nil && !errors.Is(err, gonng.ErrTryAgain) {
						return err
					}
				}
			}
		})
		gonngtest.Eventually(t, func() bool { return s.Stats().Sent > 1000 }, "messages are under way")
		c.kill(t)
		wait(t, "the end of the pipe", gone)
		close(stop)
		check(t, wait(t, "the flood", flood))
		c = connect()
		drainTo(t, s)
		sendText(t, s.(gonng.Sender), faultEnd)
		wantText(t, c.says(t), "received")
		c.kill(t)
	})
}

// drainTo waits until all that s has accepted is written.
func drainTo(t *testing.T, s gonng.Socket) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return s.Stats().SendQueue == 0 }, "all is written")
}

// TestAskedPeerKilled: a request whose replier is killed is answered by the next, and a
// survey ends in time without it.
func TestAskedPeerKilled(t *testing.T) {
	eachFault(t, askingPairs, "count", func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child) {
		c := connect()
		stopProcess(t, c)
		gone := departures(s)
		sendText(t, s.(gonng.Sender), "x") // which the child does not answer
		c.kill(t)
		wait(t, "the end of the pipe", gone)
		c = connect()
		if p.lossy { // it was not asked again
			_, err := s.(gonng.Receiver).Recv(testContext(t))
			wantError(t, err, "recv", gonng.ErrTimeout)
			sendText(t, s.(gonng.Sender), "x")
		}
		recvText(t, s.(gonng.Receiver), "x")
		c.kill(t)
	})
}

// TestReceiverStopped: nothing is lost by a peer that stands still for a while, but for what
// the sender drops and counts.
func TestReceiverStopped(t *testing.T) {
	eachFault(t, faultPairs, "count", func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child) {
		c := connect()
		stopProcess(t, c)
		sent := 0
		for ; sent < faultMany; sent++ {
			if err := s.(gonng.Sender).TrySend(make([]byte, faultSize)); errors.Is(err, gonng.ErrTryAgain) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		dropped := int(s.Stats().DroppedFull)
		if (sent < faultMany) == p.lossy || (dropped > 0) != p.lossy {
			t.Errorf("%d of %d messages were sent, %d dropped", sent, faultMany, dropped)
		}
		continueProcess(t, c)
		drainTo(t, s)
		sendText(t, s.(gonng.Sender), faultEnd)
		c.want(t, fmt.Sprint("received ", sent-dropped))
		c.kill(t)
	})
}

// TestSenderStopped: the same for a sender that stands still.
func TestSenderStopped(t *testing.T) {
	eachFault(t, faultPairs, "number", func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child) {
		c := connect()
		received, last := 0, -1
		receive := func(m []byte, err error) {
			t.Helper()
			check(t, err)
			i := int(binary.BigEndian.Uint64(m))
			if i <= last || !p.lossy && i != last+1 || !bytes.Equal(m, numbered(i, faultSize)) {
				t.Fatalf("message %d comes after %d", i, last)
			}
			received, last = received+1, i
		}
		r := s.(gonng.Receiver)
		for range 100 {
			receive(r.Recv(testContext(t)))
		}
		stopProcess(t, c)
		for m, err := r.TryRecv(); err == nil; m, err = r.TryRecv() {
			receive(m, nil)
		}
		continueProcess(t, c)
		sent := concurrently(func() error { return errors.New(c.says(t)) })
		var told string
		gonngtest.Eventually(t, func() bool {
			for m, err := r.TryRecv(); err == nil; m, err = r.TryRecv() {
				receive(m, nil)
			}
			select {
			case err := <-sent:
				told = err.Error()
			default:
			}
			return told == fmt.Sprint("sent ", received+int(s.Stats().DroppedFull))
		}, "all arrives that was sent and not dropped")
		if !p.lossy && received != faultMany {
			t.Errorf("%d of %d messages arrived", received, faultMany)
		}
		c.kill(t)
	})
}

// TestAskedPeerStopped: a peer that stands still answers late. A request waits for that, a
// survey does not, and the late response is counted.
func TestAskedPeerStopped(t *testing.T) {
	eachFault(t, askingPairs, "count", func(t *testing.T, p faultPair, s gonng.Socket, connect func() *child) {
		if surveyor, ok := s.(*gonng.Surveyor0); ok {
			check(t, surveyor.Set(gonng.WithSurveyTime(100*time.Millisecond)))
		}
		c := connect()
		stopProcess(t, c)
		sendText(t, s.(gonng.Sender), "x")
		if p.lossy {
			_, err := s.(gonng.Receiver).Recv(testContext(t))
			wantError(t, err, "recv", gonng.ErrTimeout)
		}
		continueProcess(t, c)
		if !p.lossy {
			recvText(t, s.(gonng.Receiver), "x")
			return
		}
		gonngtest.Eventually(t, func() bool { return s.Stats().LateReplies == 1 }, "the late response is counted")
	})
}

// stopProcess has the child stand still, and waits until it does.
func stopProcess(t *testing.T, c *child) {
	t.Helper()
	check(t, c.cmd.Process.Signal(syscall.SIGSTOP))
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(c.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != syscall.EINTR {
			check(t, err)
			break
		}
	}
	if !status.Stopped() {
		t.Fatalf("the child is not stopped: %v", status)
	}
}

func continueProcess(t *testing.T, c *child) {
	t.Helper()
	check(t, c.cmd.Process.Signal(syscall.SIGCONT))
}

// systemRoles are roles of children that need Linux.
var systemRoles = map[string]func(t *testing.T, words string, say func(...any)){
	"count": count, "number": number, "pulled": pulled, "fulldisk": fullDisk, "nofiles": noFiles, "fed": fed,
}
