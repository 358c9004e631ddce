package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// patience bounds what takes no time unless it fails.
const patience = time.Minute

// running is a gonng in this process.
type running struct {
	out, err lines
	code     chan int
	stop     context.CancelFunc
}

// lines are what is printed, a line with each write.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// startDevice starts a device, and interrupts it when the test ends.
func startDevice(t *testing.T, args ...string) *running {
	return start(t, append([]string{"device"}, args...)...)
}

func start(t *testing.T, args ...string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	d := &running{make(lines, 100), make(lines, 100), make(chan int, 1), cancel}
	go func() {
		code := run(ctx, args, nil, d.out, d.err)
		close(d.out)
		close(d.err)
		d.code <- code
	}()
	t.Cleanup(func() {
		cancel()
		for line := range d.err {
			t.Log(line)
		}
	})
	return d
}

// url is the next that it prints.
func (d *running) url(t *testing.T) string {
	t.Helper()
	line, ok := <-d.out
	if !ok {
		t.Fatalf("it printed no URL: %s", <-d.err)
	}
	return strings.TrimSuffix(line, "\n")
}

// logs waits for a line on standard error with want in it.
func (d *running) logs(t *testing.T, want string) {
	t.Helper()
	over := time.After(patience)
	for {
		select {
		case line, ok := <-d.err:
			switch {
			case strings.Contains(line, want):
				return
			case !ok:
				t.Fatalf("it ended and logged nothing with %q", want)
			}
			t.Log(line)
		case <-over:
			t.Fatalf("it logged nothing with %q", want)
		}
	}
}

// interrupt ends it and checks its exit code.
func (d *running) interrupt(t *testing.T) {
	t.Helper()
	d.stop()
	d.ends(t, exitInterrupted)
}

func (d *running) ends(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-d.code:
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
}

// user is a socket that talks to what runs.
func user[S gonng.Socket, O any](t *testing.T, open func(...O) (S, error), opts ...O) S {
	t.Helper()
	s, err := open(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// dials connects s to a device at url.
func dials(t *testing.T, s gonng.Socket, url string) {
	t.Helper()
	if _, err := s.Dial(t.Context(), url, gonng.WithDialMode(gonng.DialWait)); err != nil {
		t.Fatal(err)
	}
}

// listens is where a device is to dial s.
func listens(t *testing.T, s gonng.Socket) string {
	t.Helper()
	l, err := s.Listen(t.Context(), listenURL(t, "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	return l.URL()
}

// says sends from one user to another.
func says(t *testing.T, from, to gonng.Socket, message string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, s := range []gonng.Socket{from, to} {
		if err := s.WaitPeers(ctx, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.(gonng.Sender).Send(ctx, []byte(message)); err != nil {
		t.Fatal(err)
	}
	if got, err := to.(gonng.Receiver).Recv(ctx); err != nil || string(got) != message {
		t.Fatalf("received %q, %v, want %q", got, err, message)
	}
}
