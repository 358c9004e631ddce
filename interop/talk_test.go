package interop

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// talk sends fromThem one way and toThem the other, as far as they go.
func talk(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process, fromThem, toThem []byte) {
	t.Helper()
	if p.interval == "" {
		exchange(t, p, s, connect, fromThem, toThem)
	} else {
		converse(t, p, s, connect, fromThem, toThem)
	}
}

// exchange has each side send once.
func exchange(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process, fromThem, toThem []byte) {
	t.Helper()
	var args []string
	if p.sends {
		args = append(args, sending(t, fromThem)...)
	}
	format, printed := printedAs(toThem)
	if p.prints {
		args = append(args, format)
	} else { // it would end 200 ms after it has sent, written or not
		args = append(args, "--interval", "3600")
	}
	cat := connect(args...)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	steps := []func(){
		func() {
			if p.sends {
				recv(ctx, t, s, fromThem)
			}
		},
		func() {
			if p.prints {
				check(t, s.WaitPeers(ctx, 1))
				check(t, s.(gonng.Sender).Send(ctx, toThem))
			}
		},
	}
	if p.answers {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		step()
	}
	if p.prints {
		cat.want(t, printed)
	}
}

// sending has a program send body. nanocat does not send an empty file.
func sending(t *testing.T, body []byte) []string {
	if len(body) == 0 {
		return []string{"--data", ""}
	}
	return []string{"--file", file(t, body)}
}

// printedAs is how a program is to print body, and what it prints then: an empty one would
// not be seen as it is.
func printedAs(body []byte) (format string, printed []byte) {
	if len(body) == 0 {
		return "--quoted", []byte("\"\"\n")
	}
	return "--raw", body
}

// converse has the program send again and again. Each time toThem is the answer,
// if it takes one, and that first answers may be late does not matter.
func converse(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process, fromThem, toThem []byte) {
	t.Helper()
	args := append(sending(t, fromThem), "--interval", p.interval)
	format, printed := printedAs(toThem)
	if p.prints {
		args = append(args, format)
	}
	cat := connect(args...)
	ctx, cancel := context.WithCancel(gonngtest.Context(t, gonngtest.Timeout))
	var answering sync.WaitGroup
	defer answering.Wait()
	defer cancel()
	recv(ctx, t, s, fromThem)
	if !p.prints {
		return
	}
	answering.Go(func() {
		for {
			if s.(gonng.Sender).Send(ctx, toThem) != nil {
				return
			}
			if _, err := s.(gonng.Receiver).Recv(ctx); err != nil {
				return
			}
		}
	})
	cat.begins(t, printed) // also: nothing of its own, which only an echo would bring
}

func recv(ctx context.Context, t *testing.T, s gonng.Socket, want []byte) {
	t.Helper()
	got, err := s.(gonng.Receiver).Recv(ctx)
	if err != nil {
		t.Fatalf("%v; pipes %v, counted %+v", err, s.Pipes(), s.Stats())
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("received %d bytes (%.16x…), want %d (%.16x…)", len(got), got, len(want), want)
	}
}

// body is noise of that size.
func body(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(b)
	return b
}
