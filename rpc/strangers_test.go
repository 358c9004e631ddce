package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// A Rep0 that does not speak rpc is an error that says so, whatever it replies.
func TestPlainReplier(t *testing.T) {
	gonngtest.NoLeaks(t)
	var reply func([]byte) []byte
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	ended := make(chan error, 1)
	go func() {
		ended <- rep.Serve(context.Background(), func(_ context.Context, m *gonng.Message) ([]byte, error) { return reply(m.Bytes()), nil })
	}()
	defer func() { check(t, rep.Close()); check(t, <-ended) }()
	c := rpc.NewClient(req)
	text := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	for _, x := range []struct {
		name  string
		reply func([]byte) []byte
		code  rpc.Code
		words []string
	}{
		{"echo", func(b []byte) []byte { return b }, rpc.CodeUnimplemented, []string{"does not speak rpc", "sends requests back"}},
		{"text", text("pong"), rpc.CodeUnimplemented, []string{"does not speak rpc", `"pong"`}},
		{"JSON", text("{}"), rpc.CodeUnimplemented, []string{"does not speak rpc", `"{}"`}},
		{"nothing", text(""), rpc.CodeUnimplemented, []string{"does not speak rpc"}},
		{"long", text(strings.Repeat("x", 1000)), rpc.CodeUnimplemented, []string{"does not speak rpc"}},
		{"another version", text("\xf5gonng!\x02"), rpc.CodeUnimplemented, []string{"version 2"}},
		{"cut short", text("\xf5gonng!\x01\x00"), rpc.CodeInternal, []string{"cut short"}},
	} {
		reply = x.reply
		_, err := rpc.Call[empty](testContext(t), c, "nothing", empty{})
		e := wantError(t, err, x.code, x.words...)
		if !errors.Is(err, gonng.ErrProtocol) {
			t.Errorf("%s: %v is not ErrProtocol", x.name, err)
		}
		if len(e.Message) > 200 {
			t.Errorf("%s: the text has %d bytes", x.name, len(e.Message))
		}
	}
}

// A Req0 that asks an rpc server by other means gets a sentence, and the log of the
// server tells of the first of its requests.
func TestPlainRequester(t *testing.T) {
	gonngtest.NoLeaks(t)
	called := false
	s := rpc.NewServer()
	rpc.Handle(s, "ping", func(context.Context, empty) (empty, error) { called = true; return empty{}, nil })
	log := new(logged)
	rep, req := newRep(t, log.option()), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	serve(t, rep, s)
	code := map[bool]rpc.Code{true: rpc.CodeUnimplemented, false: rpc.CodeInvalidArgument}
	for request, word := range map[string]string{
		"ping":                               "does not begin",
		"":                                   "does not begin",
		"\xf5gonng!\x01\x00\x00\x00\x00\x00": "does not begin",
		"\xf5gonng?\x02":                     "version 2",
		"\xf5gonng?\x01\x00\x00\x00\x00\x04\x00pin":      "cut short",
		"\xf5gonng?\x01\x00\x00\x00\x00\x04\x01ping\x01": "cut short",
	} {
		reply, err := req.Request(testContext(t), []byte(request))
		check(t, err)
		for _, word := range []string{"\xf5gonng!\x01" + string(rune(code[word == "version 2"])), "This is an rpc server of gonng", "github.com/gonng/gonng/rpc", word} {
			if !strings.Contains(string(reply), word) {
				t.Errorf("the reply to %q is %q, without %q", request, reply, word)
			}
		}
	}
	if n := strings.Count(log.text(), "level=WARN"); n != 1 || !strings.Contains(log.text(), "no rpc request") {
		t.Errorf("logged %d warnings: %s", n, log.text())
	}
	if called {
		t.Error("the method was called")
	}
	_, err := rpc.Call[empty](testContext(t), rpc.NewClient(req), "ping", empty{})
	check(t, err)
}
