package itest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// manyMessages is how many are sent where a test wants many. Each is an HTTP request, too.
const manyMessages = 1000

// routed are the transports of the routes. In a page they have one end here, which dials ws; the
// other end listens in the process that serves the page.
var routed = []gonngtest.Transport{{Name: "ws"}}

// brought are connections that the program brings: a page has none to bring.
var brought map[string]func(t testing.TB, a, b gonng.Socket)

// openLinked opens a socket that listens and one that has dialed it.
func openLinked(t testing.TB, listening, dialing gonngtest.Constructor, _ gonngtest.Transport, opts ...gonng.SocketOption) (listener, dialer gonng.Socket) {
	t.Helper()
	far := openFar(t, listening, opts...)
	dialer = open(t, dialing, opts...)
	_, err := dialer.Dial(testContext(t), "ws"+strings.TrimPrefix(far.url, "http"), gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	check(t, far.WaitPeers(testContext(t), 1))
	waitPeers(t, dialer, 1)
	return far, dialer
}

// needHere skips a test of the memory that the program shares with this socket if the socket
// is in the other process.
func needHere(t testing.TB, s gonng.Socket) {
	if _, ok := s.(*farSocket); ok {
		t.Skip("the socket is in another process")
	}
}

// needHoldup skips a test of a receiver that holds its sender up if the receiver is in the page.
func needHoldup(t testing.TB, s gonng.Socket) {
	if _, ok := s.(*farSocket); !ok {
		t.Skip("a page cannot tell the peer to wait")
	}
}

// letOthersRun gives way to those that make a message arrive. The browser has its turn when
// no goroutine can run.
func letOthersRun() { time.Sleep(time.Microsecond) }

// farSocket is a socket in the process that serves the page, which does by HTTP what it is
// told. The Socket inside is one of the same kind in the page, which is connected to nothing and says what kind
// that is.
type farSocket struct {
	gonng.Socket
	url string
}

// openFar opens a socket like those of the constructor; it listens at its URL.
func openFar(t testing.TB, newSocket gonngtest.Constructor, opts ...gonng.SocketOption) *farSocket {
	t.Helper()
	f := &farSocket{open(t, newSocket, opts...), os.Getenv("GONNG_SOCKETS")}
	c := f.Config()
	answer, err := f.do(testContext(t), fmt.Sprintf("?protocol=%d&raw=%t&polyamorous=%t&recvmaxsize=%d", f.Protocol(), f.Raw(), c.Polyamorous, c.RecvMaxSize), nil)
	check(t, err)
	f.url += "/" + string(answer.Bytes())
	t.Cleanup(func() { f.Close() })
	return f
}

// do has the other process do something with a message, and returns the message that it answers.
func (f *farSocket) do(ctx context.Context, what string, m *gonng.Message) (*gonng.Message, error) {
	if ctx.Err() != nil {
		return nil, gonng.ErrCanceled
	}
	var body []byte
	if m != nil {
		body = m.Bytes()
	}
	request, err := http.NewRequestWithContext(ctx, "POST", f.url+what, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if m != nil {
		request.Header.Set("SP-Header", hex.EncodeToString(m.Header()))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s%s: %s: %s", f.url, what, answer.Status, body)
	}
	if code := answer.Header.Get("SP-Error"); code != "" {
		n, err := strconv.Atoi(code)
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %s", gonng.Error(n), body)
	}
	header, err := hex.DecodeString(answer.Header.Get("SP-Header"))
	return gonng.NewRawMessage(header, body), err
}

func (f *farSocket) Close() error {
	_, err := f.do(context.Background(), "/close", nil)
	return errors.Join(err, f.Socket.Close())
}

func (f *farSocket) WaitPeers(ctx context.Context, n int) error {
	_, err := f.do(ctx, fmt.Sprint("/waitpeers?n=", n), nil)
	return err
}

func (f *farSocket) send(ctx context.Context, how string, m *gonng.Message) error {
	_, err := f.do(ctx, how, m)
	if err == nil {
		m.Free()
	}
	return err
}

func (f *farSocket) Send(ctx context.Context, body []byte) error {
	return f.send(ctx, "/send", gonng.NewMessage(body))
}

func (f *farSocket) SendMsg(ctx context.Context, m *gonng.Message) error {
	return f.send(ctx, "/send", m)
}

func (f *farSocket) TrySend(body []byte) error {
	return f.send(context.Background(), "/trysend", gonng.NewMessage(body))
}

func (f *farSocket) TrySendMsg(m *gonng.Message) error {
	return f.send(context.Background(), "/trysend", m)
}

func (f *farSocket) Recv(ctx context.Context) ([]byte, error) { return content(f.RecvMsg(ctx)) }

func (f *farSocket) RecvMsg(ctx context.Context) (*gonng.Message, error) {
	return f.do(ctx, "/recv", nil)
}

func (f *farSocket) RecvInto(ctx context.Context, buf []byte) (int, error) {
	b, err := content(f.do(ctx, fmt.Sprint("/recvinto?size=", len(buf)), nil))
	return copy(buf, b), err
}

func (f *farSocket) TryRecv() ([]byte, error) { return content(f.TryRecvMsg()) }

func (f *farSocket) TryRecvMsg() (*gonng.Message, error) {
	return f.do(context.Background(), "/tryrecv", nil)
}

func (f *farSocket) All(ctx context.Context) iter.Seq2[[]byte, error] {
	return untilClosed(ctx, f.Recv)
}

func (f *farSocket) Messages(ctx context.Context) iter.Seq2[*gonng.Message, error] {
	return untilClosed(ctx, f.RecvMsg)
}

func untilClosed[T any](ctx context.Context, recv func(context.Context) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := recv(ctx)
			if errors.Is(err, gonng.ErrClosed) || !yield(v, err) || err != nil {
				return
			}
		}
	}
}
