package itest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	contract "github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
)

// settable is inproc whose listeners can be told a new configuration, and fixed
// one whose listeners cannot.
type (
	settable struct {
		inproc.Transport
		bound    func() // called once the next listener is bound; nil: nothing
		listener atomic.Pointer[settableListener]
	}
	settableListener struct {
		contract.Listener
		config atomic.Pointer[contract.Config]
	}
	fixed         struct{ inproc.Transport }
	fixedListener struct{ contract.Listener }
)

func (s *settable) Listen(ctx context.Context, scheme, address string, cfg *contract.Config) (contract.Listener, error) {
	l, err := s.Transport.Listen(ctx, scheme, address, cfg)
	if err != nil {
		return nil, err
	}
	told := &settableListener{Listener: l}
	told.config.Store(cfg)
	s.listener.Store(told)
	if s.bound != nil {
		s.bound()
	}
	return told, nil
}

func (l *settableListener) SetConfig(cfg *contract.Config) { l.config.Store(cfg) }

func (f *fixed) Listen(ctx context.Context, scheme, address string, cfg *contract.Config) (contract.Listener, error) {
	l, err := f.Transport.Listen(ctx, scheme, address, cfg)
	return fixedListener{l}, err
}

var (
	settableTransport settable
	registerOnce      sync.Once
)

func registerFakes(t *testing.T) {
	registerOnce.Do(func() {
		contract.Register("settable", &settableTransport)
		contract.Register("fixed", new(fixed))
	})
	t.Cleanup(func() { settableTransport.bound = nil })
}

// TestSetReachesListeners: what the socket is set to holds for the listeners that
// exist, for connections to come, but for what they were given themselves.
func TestSetReachesListeners(t *testing.T) {
	gonngtest.NoLeaks(t)
	registerFakes(t)
	s := open(t, gonng.NewPush0)
	plain, err := s.Listen(testContext(t), "settable://plain")
	check(t, err)
	told := settableTransport.listener.Load()
	own, err := s.Listen(testContext(t), "settable://own", gonng.WithRecvMaxSize(1))
	check(t, err)
	ownTold := settableTransport.listener.Load()
	check(t, s.Set(gonng.WithRecvMaxSize(2), gonng.WithPriority(3), gonng.WithName("n")))
	if c := plain.Config(); c.RecvMaxSize != 2 || c.Priority != 3 || c.Name != "n" || told.config.Load().RecvMaxSize != 2 {
		t.Errorf("the listener has %+v, its transport %+v", c, told.config.Load())
	}
	if c := own.Config(); c.RecvMaxSize != 1 || c.Priority != 3 || c.Name != "n" || ownTold.config.Load().RecvMaxSize != 1 {
		t.Errorf("the listener with a limit of its own has %+v, its transport %+v", c, ownTold.config.Load())
	}
	check(t, plain.Set(gonng.WithRecvMaxSize(4), gonng.WithMaxPeers(5)))
	check(t, s.Set(gonng.WithRecvMaxSize(6)))
	if c := plain.Config(); c.RecvMaxSize != 4 || c.MaxPeers != 5 || told.config.Load().RecvMaxSize != 4 || s.Config().MaxPeers != 0 {
		t.Errorf("after Set of its own the listener has %+v, its transport %+v", c, told.config.Load())
	}
	later, err := s.Listen(testContext(t), "settable://later")
	check(t, err)
	if n := later.Config().RecvMaxSize; n != 6 {
		t.Errorf("a later listener has %d, want 6", n)
	}
}

// TestSetWhileBinding reaches the listener that is bound just now.
func TestSetWhileBinding(t *testing.T) {
	gonngtest.NoLeaks(t)
	registerFakes(t)
	s := open(t, gonng.NewPush0)
	settableTransport.bound = func() { s.Set(gonng.WithRecvMaxSize(2)) }
	l, err := s.Listen(testContext(t), "settable://binding")
	check(t, err)
	if n := l.Config().RecvMaxSize; n != 2 || settableTransport.listener.Load().config.Load().RecvMaxSize != 2 {
		t.Errorf("the listener has %d", n)
	}
}

// TestListenerThatCannotChange: it refuses what its transport carries out, takes
// what the socket does, and says truly what it has.
func TestListenerThatCannotChange(t *testing.T) {
	gonngtest.NoLeaks(t)
	registerFakes(t)
	s := open(t, gonng.NewPush0)
	l, err := s.Listen(testContext(t), "fixed://x")
	check(t, err)
	err = l.Set(gonng.WithPriority(2), gonng.WithRecvMaxSize(2))
	wantError(t, err, "set", gonng.ErrNotSupported)
	wantText(t, err.Error(), "WithRecvMaxSize", "fixed://")
	if n := l.Config().Priority; n != 1 {
		t.Errorf("a part of what was refused was set: the priority is %d", n)
	}
	check(t, l.Set(gonng.WithMaxPeers(2)))
	check(t, s.Set(gonng.WithRecvMaxSize(3), gonng.WithPriority(3)))
	if c := l.Config(); c.MaxPeers != 2 || c.RecvMaxSize != 1<<20 || c.Priority != 3 {
		t.Errorf("the listener has %+v", c)
	}
}

// TestSetOfBindingReachesLaterListeners: the file of one that is bound is as it is.
func TestSetOfBindingReachesLaterListeners(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permissions of sockets")
	}
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPush0, gonng.SocketOption(gonng.WithIPCPermissions(0o600)))
	first := listen(t, s, transport("ipc"))
	check(t, s.Set(gonng.WithIPCPermissions(0o660)))
	registerFakes(t)
	changing, err := s.Listen(testContext(t), "settable://binding")
	check(t, err)
	check(t, s.Set(gonng.WithIPCPermissions(0o666)))
	if mode := changing.Config().IPCPermissions; mode != 0o660 {
		t.Errorf("the listener that can change has %v", mode)
	}
	if mode := first.Config().IPCPermissions; mode != 0o600 {
		t.Errorf("the listener that is bound has %v", mode)
	}
	if mode := listen(t, s, transport("ipc")).Config().IPCPermissions; mode != 0o666 {
		t.Errorf("the later listener has %v", mode)
	}
}

// TestSetReachesDialers: from their next connection on.
func TestSetReachesDialers(t *testing.T) {
	gonngtest.NoLeaks(t)
	push := open(t, gonng.NewPush0, gonng.WithLinger(0))
	pull := open(t, gonng.NewPull0, recvMaxSize(10), reconnect(time.Millisecond, 0))
	_, plain := link(t, push, pull, tcp)
	own := dial(t, pull, tcp, vacant(t, tcp), gonng.WithDialMode(gonng.DialBackground), gonng.WithReconnectTime(time.Hour, 0))
	retrying := dial(t, pull, tcp, vacant(t, tcp))
	check(t, pull.Set(gonng.WithRecvMaxSize(100), gonng.WithReconnectTime(time.Millisecond, time.Second), gonng.WithDialMode(gonng.DialWait)))
	if c := plain.Config(); c.RecvMaxSize != 100 || c.ReconnectMax != time.Second || c.DialMode != gonng.DialWait {
		t.Errorf("the dialer has %+v", c)
	}
	if c := retrying.Config(); c.RecvMaxSize != 100 || c.DialMode != gonng.DialRetry {
		t.Errorf("the dialer that was made by the mode before has %+v", c)
	}
	if c := own.Config(); c.RecvMaxSize != 100 || c.ReconnectMin != time.Hour || c.ReconnectMax != 0 || c.DialMode != gonng.DialBackground {
		t.Errorf("the dialer with a pause of its own has %+v", c)
	}
	gone := departures(pull)
	check(t, push.Send(testContext(t), make([]byte, 11))) // more than the connection takes
	want(t, wait(t, "the end of the pipe", gone).Err(), gonng.ErrMessageTooLarge)
	waitPeers(t, pull, 1)
	waitPeers(t, push, 1)
	check(t, push.Send(testContext(t), make([]byte, 100)))
	body, err := pull.Recv(testContext(t))
	if err != nil || len(body) != 100 {
		t.Errorf("received %d bytes, %v", len(body), err)
	}
}

// TestSetOfClosed: all that is closed says so, and changes nothing.
func TestSetOfClosed(t *testing.T) {
	gonngtest.NoLeaks(t)
	req := open(t, gonng.NewReq0)
	c, err := req.NewContext()
	check(t, err)
	l, d := listen(t, req, tcp), dial(t, req, tcp, "tcp://127.0.0.1:1", gonng.WithDialMode(gonng.DialBackground))
	other, err := req.NewContext()
	check(t, err)
	check(t, errors.Join(c.Close(), l.Close(), d.Close()))
	closed := func(err error) {
		t.Helper()
		wantError(t, err, "set", gonng.ErrClosed)
	}
	closed(c.Set(gonng.WithRecvTimeout(7)))
	closed(l.Set(gonng.WithMaxPeers(7)))
	closed(d.Set(gonng.WithRecvMaxSize(7)))
	if c.Config().RecvTimeout == 7 || l.Config().MaxPeers == 7 || d.Config().RecvMaxSize == 7 {
		t.Error("something was set nevertheless")
	}
	check(t, req.Close())
	closed(req.Set(gonng.WithResendTime(7)))
	closed(gonng.Set(req, gonng.WithName("x")))
	closed(other.Set(gonng.WithRecvTimeout(7)))
	if req.Config().ResendTime == 7 || req.Name() != "req" {
		t.Error("something was set nevertheless")
	}
}

// TestSetWhileDialing: who has the dialer from the socket may change it while
// Dial waits for the first attempt.
func TestSetWhileDialing(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPull0)
	peer := gonngtest.Listen(t, "tcp://127.0.0.1:0")
	ctx, cancel := context.WithCancel(testContext(t))
	dialing := concurrently(func() error {
		_, err := s.Dial(ctx, peer.URL())
		return err
	})
	peer.Accept() // and does not answer
	d := s.Dialers()[0]
	for i := range 100 {
		check(t, d.Set(gonng.WithReconnectTime(time.Duration(i+1), 0), gonng.WithRecvMaxSize(i)))
		check(t, s.Set(gonng.WithReconnectTime(time.Hour, 0)))
	}
	wantError(t, d.Set(gonng.WithDialMode(gonng.DialBackground)), "set", gonng.ErrNotSupported)
	if min := d.Config().ReconnectMin; min != 100 {
		t.Errorf("the pause is %v", min)
	}
	cancel()
	wantError(t, wait(t, "the end of Dial", dialing), "dial", gonng.ErrCanceled)
}
