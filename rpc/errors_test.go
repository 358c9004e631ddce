package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// An error of a method is at the caller at once, with code, text and details, also when
// it was wrapped.
func TestErrorReachesCaller(t *testing.T) {
	gonngtest.NoLeaks(t)
	calls := 0
	s := rpc.NewServer()
	rpc.Handle(s, "find", func(context.Context, string) (string, error) {
		calls++
		err := rpc.Errorf(rpc.CodeNotFound, "no %s: %w", "page", fs.ErrNotExist)
		err.Details = []byte{0, 1, 2}
		return "half", fmt.Errorf("the handler says: %w", err)
	})
	c := start(t, s)
	got, err := rpc.Call[string](testContext(t), c, "find", "page 7")
	e := wantError(t, err, rpc.CodeNotFound)
	if e.Message != "no page: file does not exist" || !bytes.Equal(e.Details, []byte{0, 1, 2}) {
		t.Errorf("the error has the text %q and the details % x", e.Message, e.Details)
	}
	if want := "gonng: rpc: NotFound: no page: file does not exist"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("what the error wrapped has traveled")
	}
	if got != "" || calls != 1 {
		t.Errorf("the result is %q, and the method was called %d times", got, calls)
	}
}

// What a method returns decides the code.
func TestCodes(t *testing.T) {
	gonngtest.NoLeaks(t)
	var none *rpc.Error
	var nilError *fs.PathError
	returned := map[string]error{
		"*rpc.Error that is nil": none,
		"ordinary":               errors.New("ordinary"),
		"no code":                &rpc.Error{Message: "no code"},
		"unknown code":           &rpc.Error{Code: 17, Message: "unknown code"},
		"deadline":               fmt.Errorf("deadline: %w", context.DeadlineExceeded),
		"canceled":               fmt.Errorf("canceled: %w", context.Canceled),
	}
	want := map[string]rpc.Code{"deadline": rpc.CodeDeadlineExceeded, "canceled": rpc.CodeCanceled}
	for code := rpc.CodeCanceled; code <= rpc.CodeUnauthenticated; code++ {
		returned[code.String()], want[code.String()] = rpc.Errorf(code, "%v", code), code
	}
	s := rpc.NewServer()
	rpc.Handle(s, "fail", func(_ context.Context, name string) (empty, error) { return empty{}, returned[name] })
	rpc.Handle(s, "nil error", func(context.Context, empty) (empty, error) { return empty{}, nilError })
	c, _ := startLogged(t, s)
	_, err := rpc.Call[empty](testContext(t), c, "nil error", empty{})
	wantError(t, err, rpc.CodeInternal, "panicked") // as its text does
	for name, err := range returned {
		code := want[name]
		if code == 0 {
			code = rpc.CodeUnknown
		}
		_, got := rpc.Call[empty](testContext(t), c, "fail", name)
		wantError(t, got, code, name)
		if err != error(none) && rpc.CodeOf(err) != code {
			t.Errorf("CodeOf(%v) is %v, want %v", err, rpc.CodeOf(err), code)
		}
	}
	if err := rpc.Errorf(rpc.CodeNotFound, "%w", fs.ErrNotExist); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not wrap its cause alone", err)
	}
	if got := rpc.CodeOf(nil); got != 0 || got.String() != "OK" {
		t.Errorf("CodeOf(nil) is %v", got)
	}
}

// logged collects what a socket logs.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) option() gonng.SocketOption {
	return gonng.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

// startLogged is start for a socket that logs.
func startLogged(t *testing.T, s *rpc.Server) (*rpc.Client, *logged) {
	log := new(logged)
	rep, req := newRep(t, log.option()), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	serve(t, rep, s)
	return rpc.NewClient(req), log
}

// A panic is Internal at the caller, and the log has its stack.
func TestPanic(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "panic", func(context.Context, empty) (empty, error) { panic("a secret") })
	rpc.Handle(s, "nothing", nothing)
	c, log := startLogged(t, s)
	_, err := rpc.Call[empty](testContext(t), c, "panic", empty{})
	e := wantError(t, err, rpc.CodeInternal, "panic panicked")
	for _, private := range []string{"secret", "goroutine", ".go", "TestPanic"} {
		if strings.Contains(e.Message+string(e.Details), private) {
			t.Errorf("the error %q, % x has %q", e.Message, e.Details, private)
		}
	}
	for _, word := range []string{"level=ERROR", "a secret", "errors_test.go", "method=panic", "pipe="} {
		if !strings.Contains(log.text(), word) {
			t.Errorf("not logged: %q, but %s", word, log.text())
		}
	}
	_, err = rpc.Call[empty](testContext(t), c, "nothing", empty{})
	check(t, err)
}

// panics is a type whose encoding and decoding panic.
type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("encoding") }
func (*panics) UnmarshalJSON([]byte) error  { panic("decoding") }

// What goes wrong around a method has its code, and the next call is well.
func TestFailures(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", nothing)
	rpc.Handle(s, "number", func(_ context.Context, n int) (int, error) { return n, nil })
	rpc.Handle(s, "half", func(context.Context, empty) (map[string]any, error) { return map[string]any{"A": 1, "B": "two"}, nil })
	rpc.Handle(s, "channel", func(context.Context, empty) (chan int, error) { return make(chan int), nil })
	rpc.Handle(s, "result panics", func(context.Context, empty) (panics, error) { return panics{}, nil })
	rpc.Handle(s, "argument panics", func(context.Context, panics) (empty, error) { return empty{}, nil })
	c, _ := startLogged(t, s)
	ctx := testContext(t)
	_, err := rpc.Call[empty](ctx, c, "nonsense", empty{})
	wantError(t, err, rpc.CodeUnimplemented, `no method "nonsense"`)
	_, err = rpc.Call[int](ctx, c, "number", "seven")
	wantError(t, err, rpc.CodeInvalidArgument, "argument of number", "json")
	_, err = rpc.Call[string](ctx, c, "number", 7)
	wantError(t, err, rpc.CodeInternal, "reply of number", "json")
	half, err := rpc.Call[struct{ A, B int }](ctx, c, "half", empty{})
	if wantError(t, err, rpc.CodeInternal, "reply of half"); half.A != 0 {
		t.Errorf("the result of a call that failed is %v", half)
	}
	_, err = rpc.Call[int](ctx, c, "channel", empty{})
	wantError(t, err, rpc.CodeInternal, "reply of channel", "json")
	_, err = rpc.Call[int](ctx, c, "number", make(chan int))
	wantError(t, err, rpc.CodeInvalidArgument, "request to number", "json")
	_, err = rpc.Call[int](ctx, c, "result panics", empty{})
	wantError(t, err, rpc.CodeInternal, "panicked")
	_, err = rpc.Call[int](ctx, c, "argument panics", empty{})
	wantError(t, err, rpc.CodeInternal, "panicked")
	_, err = rpc.Call[int](ctx, c, "", empty{})
	wantError(t, err, rpc.CodeInvalidArgument, "method")
	_, err = rpc.Call[empty](ctx, c, "nothing", empty{})
	check(t, err)
}

// A reply above the limit of the requester is too much.
func TestReplyTooLarge(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "long", func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil })
	rep, req := newRep(t), newReq(t, gonng.WithRecvMaxSize(100<<10))
	gonngtest.Connect(t, rep, req, transport("tcp"))
	serve(t, rep, s)
	c := rpc.NewClient(req)
	for n, fails := range map[int]bool{1000: false, 50_000: false, 200_000: true} {
		got, err := rpc.Call[string](testContext(t), c, "long", n)
		if fails {
			if wantError(t, err, rpc.CodeResourceExhausted); !errors.Is(err, gonng.ErrMessageTooLarge) {
				t.Errorf("%v is not ErrMessageTooLarge", err)
			}
		} else if err != nil || len(got) != n {
			t.Errorf("a reply of %d bytes: %d, %v", n, len(got), err)
		}
	}
}

// A call on a closed socket, and one that is under way when it closes, is Unavailable.
func TestSocketCloses(t *testing.T) {
	gonngtest.NoLeaks(t)
	req := newReq(t)
	c := rpc.NewClient(req)
	ended := make(chan error, 1)
	go func() {
		_, err := rpc.Call[empty](context.Background(), c, "nothing", empty{})
		ended <- err
	}()
	check(t, req.Close())
	wantError(t, wait(t, "the end of the call", ended), rpc.CodeUnavailable)
	_, err := rpc.Call[empty](context.Background(), c, "nothing", empty{})
	if wantError(t, err, rpc.CodeUnavailable); !errors.Is(err, gonng.ErrClosed) {
		t.Errorf("%v is not ErrClosed", err)
	}
}

// What cannot be right panics where it is written.
func TestPanicsAtOnce(t *testing.T) {
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", nothing)
	for what, do := range map[string]func(){
		"a name that is taken": func() { rpc.Handle(s, "nothing", nothing) },
		"an empty name":        func() { rpc.Handle(s, "", nothing) },
		"a long name":          func() { rpc.Handle(s, strings.Repeat("x", 256), nothing) },
		"no function":          func() { rpc.Handle[int, int](s, "nil", nil) },
		"no codec":             func() { rpc.WithCodec(nil) },
		"no propagator":        func() { rpc.WithPropagator(nil) },
		"no interceptor":       func() { rpc.WithInterceptor(nil) },
		"no socket":            func() { rpc.NewClient(nil) },
		"no header":            func() { rpc.ReplyHeader(nil) },
		"no option":            func() { rpc.NewServer(nil) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "gonng: rpc.") {
					t.Errorf("%s: the panic is %q", what, text)
				}
			}()
			do()
		}()
	}
	_, err := rpc.Call[empty](t.Context(), rpc.NewClient(new(gonng.Req0)), "nothing", empty{}, rpc.Once(), nil)
	if rpc.CodeOf(err) != rpc.CodeInvalidArgument || !strings.Contains(err.Error(), "option 2 of 2") {
		t.Errorf("an option of a call that is nil: %v", err)
	}
}
