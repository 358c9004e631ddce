package natsbridge

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"
)

const (
	headerBegin = "NATS/1.0\r\n"
	headerEnd   = "\r\n\r\n"
)

// message is the message in NATS of a body in SP.
func (r *running) message(body []byte) (*nats.Msg, error) {
	m := &nats.Msg{Subject: r.Subject, Data: body}
	if !r.Headers || !bytes.HasPrefix(body, []byte(headerBegin)) {
		return m, nil
	}
	block, rest, ok := bytes.Cut(body, []byte(headerEnd))
	if !ok {
		return nil, fmt.Errorf("the header in the body does not end")
	}
	h, err := nats.DecodeHeadersMsg(append(slices.Clone(block), headerEnd...))
	if err != nil {
		return nil, fmt.Errorf("the header in the body: %w", err)
	}
	m.Header, m.Data = h, rest
	return m, nil
}

// body is the body in SP of a message in NATS.
func (r *running) body(h nats.Header, data []byte) []byte {
	if !r.Headers || len(h) == 0 && !bytes.HasPrefix(data, []byte(headerBegin)) {
		return data
	}
	b := []byte(headerBegin)
	for _, k := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[k] {
			b = append(b, k+": "+v+"\r\n"...)
		}
	}
	return append(append(b, "\r\n"...), data...)
}
