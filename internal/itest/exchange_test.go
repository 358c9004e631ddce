package itest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// endpoint is a socket or a context.
type endpoint interface {
	gonng.Sender
	gonng.Receiver
}

func sendText(t testing.TB, s gonng.Sender, text string) {
	t.Helper()
	check(t, s.Send(testContext(t), []byte(text)))
}

func recvText(t testing.TB, r gonng.Receiver, text string) {
	t.Helper()
	got, err := r.Recv(testContext(t))
	check(t, err)
	if string(got) != text {
		t.Fatalf("received %q, want %q", got, text)
	}
}

func recvMsg(t testing.TB, r gonng.Receiver) *gonng.Message {
	t.Helper()
	m, err := r.RecvMsg(testContext(t))
	check(t, err)
	return m
}

func sendRaw(t testing.TB, s gonng.Sender, header, body []byte) {
	t.Helper()
	check(t, s.SendMsg(testContext(t), gonng.NewRawMessage(header, body)))
}

// word is four bytes of a header.
func word(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

// endWord is the number of a request or survey.
func endWord(id uint32) []byte { return word(id | 1<<31) }

// arrived waits until a socket has read n messages from its peers.
func arrived(t testing.TB, s gonng.Socket, n uint64) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return s.Stats().Received >= n }, fmt.Sprint(n, " messages have arrived"))
	if got := s.Stats().Received; got != n {
		t.Fatalf("%d messages have arrived, want %d", got, n)
	}
}

// received takes what waits to be received.
func received(t testing.TB, r gonng.Receiver) (texts []string) {
	t.Helper()
	for {
		b, err := r.TryRecv()
		if errors.Is(err, gonng.ErrTryAgain) {
			return texts
		}
		check(t, err)
		texts = append(texts, string(b))
	}
}

// roundTrip sends messages small and large and receives them.
func roundTrip(t testing.TB, out gonng.Sender, in gonng.Receiver) {
	t.Helper()
	for _, size := range []int{0, 10, 20 << 10, 500 << 10} {
		body := bytes.Repeat([]byte{byte(size), 1}, size/2)
		result := concurrently(func() error { return out.Send(testContext(t), body) })
		got, err := in.Recv(testContext(t))
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("received %d bytes, %v; want %d", len(got), err, len(body))
		}
		if err := wait(t, "Send", result); err != nil {
			t.Error(err)
		}
	}
}
