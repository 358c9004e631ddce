//go:build js

// Command wasmclient is the Go client that the tests run in a page. It gives the page two
// functions, which return promises of "" or of what went wrong.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall/js"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/browsertest/spjs/talk"
)

func main() {
	js.Global().Set("goRun", promise(func(args []js.Value) error {
		return run(args[0].String(), args[1].String(), args[2].Int())
	}))
	js.Global().Set("goCheck", promise(func(args []js.Value) error {
		return errors.Join(unsupported(), inproc(), refused(args[0].String()), refused("wss"+strings.TrimPrefix(args[0].String(), "ws")), sizes(args[1].String()), stalled(args[2].String()))
	}))
	select {}
}

func promise(do func([]js.Value) error) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		return js.Global().Get("Promise").New(js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				if err := do(args); err != nil {
					settle[0].Invoke(err.Error())
				} else {
					settle[0].Invoke("")
				}
			}()
			return nil
		}))
	})
}

// run has the dialer's side of a conversation.
func run(protocol, url string, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s, talk, err := talk.New(protocol, n)
	if err != nil {
		return err
	}
	if _, err = s.Dial(ctx, url, gonng.WithDialMode(gonng.DialWait)); err == nil {
		err = talk(ctx)
	}
	return errors.Join(err, s.Shutdown(ctx))
}

// unsupported tries what a browser cannot do.
func unsupported() error {
	s, err := gonng.NewPair0()
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	for _, url := range []string{
		"tcp://127.0.0.1:1", "tls+tcp://127.0.0.1:1", "ipc:///tmp/x", "abstract://x", "socket://3", "ws4://127.0.0.1:1", "dns+ws://localhost:1",
	} {
		if _, err := s.Dial(ctx, url); !errors.Is(err, gonng.ErrNotSupported) || !strings.Contains(err.Error(), "browser") {
			return fmt.Errorf("Dial of %s: %v", url, err)
		}
	}
	for _, url := range []string{"tcp://127.0.0.1:0", "ws://127.0.0.1:0", "wss:///", "ipc:///tmp/x"} {
		if _, err := s.Listen(ctx, url); !errors.Is(err, gonng.ErrNotSupported) || !strings.Contains(err.Error(), "browser") {
			return fmt.Errorf("Listen at %s: %v", url, err)
		}
	}
	if _, err := s.Dial(ctx, "ws://127.0.0.1:1", gonng.WithHTTPHeader(nil)); !errors.Is(err, gonng.ErrNotSupported) {
		return fmt.Errorf("WithHTTPHeader: %v", err)
	}
	return nil
}

// inproc works within the program.
func inproc() error {
	rep, err := gonng.NewRep0(gonng.WithListen("inproc://x"))
	if err != nil {
		return err
	}
	defer rep.Close()
	req, err := gonng.NewReq0(gonng.WithDial("inproc://x"))
	if err != nil {
		return err
	}
	defer req.Close()
	ctx := context.Background()
	go rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil })
	b, err := req.Request(ctx, []byte("hello"))
	if err == nil && string(b) != "hello" {
		err = fmt.Errorf("inproc: received %q", b)
	}
	return err
}

// refused dials a URL where nothing is.
func refused(url string) error {
	s, err := gonng.NewSub0()
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Dial(context.Background(), url, gonng.WithDialMode(gonng.DialWait))
	if !errors.Is(err, gonng.ErrConnectionRefused) || !strings.Contains(err.Error(), "(404)") {
		return fmt.Errorf("nothing there: %v", err)
	}
	return nil
}

// sizes asks an echo for messages of every size, and for one that is too large.
func sizes(url string) error {
	s, err := gonng.NewReq0(gonng.WithDial(url), gonng.WithRecvTimeout(time.Minute))
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1<<20 - 4} {
		body := bytes.Repeat([]byte{byte(n) | 1}, n)
		b, err := s.Request(ctx, body)
		if err != nil || !bytes.Equal(b, body) {
			return fmt.Errorf("%d bytes: received %d, %v", n, len(b), err)
		}
	}
	if err := s.Set(gonng.WithRecvMaxSize(1000)); err != nil {
		return err
	}
	for _, d := range s.Dialers() { // the limit holds for connections to come
		d.Close()
	}
	if _, err := s.Dial(ctx, url); err != nil {
		return err
	}
	if _, err := s.Request(ctx, make([]byte, 2000)); !errors.Is(err, gonng.ErrMessageTooLarge) {
		return fmt.Errorf("a reply above the limit: %v", err)
	}
	if _, err := s.Request(ctx, make([]byte, 100)); err != nil {
		return fmt.Errorf("after a reply above the limit: %w", err)
	}
	return nil
}

// stalled sends to a server that reads nothing.
func stalled(url string) error {
	s, err := gonng.NewPush0(gonng.WithDial(url), gonng.WithSendTimeout(time.Second), gonng.WithLinger(0))
	if err != nil {
		return err
	}
	defer s.Close()
	for range 64 << 10 {
		if err := s.Send(context.Background(), make([]byte, 1<<10)); errors.Is(err, gonng.ErrTimeout) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return errors.New("a server that reads nothing takes 64 MiB")
}
