package natsbridge

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/rpc"
)

// What the envelopes of package rpc begin with; docs/wire.md has their bytes.
var (
	rpcRequest = []byte("\xf5gonng?")
	rpcReply   = []byte("\xf5gonng!\x01")
)

// isRPC reports whether the requester speaks rpc, and so understands an error.
func isRPC(request []byte) bool { return bytes.HasPrefix(request, rpcRequest) }

// answerRPC answers a request of rpc, of any method: with nothing, or with the error of do.
func answerRPC(ctx context.Context, q *gonng.Message, do func(context.Context) error) ([]byte, error) {
	s := rpc.NewServer(rpc.WithInterceptor(func(ctx context.Context, _ string, _ func(context.Context) error) error { return do(ctx) }))
	return s.Serve(ctx, q)
}

// rpcError is an error of NATS for a caller that speaks rpc.
func rpcError(err error) error {
	code := rpc.CodeUnavailable
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		code = rpc.CodeDeadlineExceeded
	case errors.Is(err, nats.ErrMaxPayload):
		code = rpc.CodeResourceExhausted
	case isFinal(err):
		code = rpc.CodeFailedPrecondition
	}
	return rpc.Errorf(code, "%w", err)
}

// failureOf is what a reply says of the failure of its method; nil: it says of none.
func failureOf(reply []byte) error {
	b, ok := bytes.CutPrefix(reply, rpcReply)
	if !ok || len(b) < 8 || b[0] == 0 {
		return nil
	}
	text := b[8:]
	text = text[:min(len(text), int(binary.BigEndian.Uint16(b[2:])))]
	return fmt.Errorf("%v: %s", rpc.Code(b[0]), text)
}

func headerOf(h rpc.Header, key string) string {
	for k, v := range h {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}
