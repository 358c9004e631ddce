package rpc_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

type badJSON struct{}

func (badJSON) MarshalJSON() ([]byte, error) { return nil, errors.New("not today") }

// JSON appends what package json would make.
func TestJSONAppends(t *testing.T) {
	for _, v := range []any{nil, 1, "a\n<b>", map[string]int{"b": 1, "a": 2}, number{3}, empty{}, []byte{1}, json.RawMessage("[1, 2]")} {
		want, err := rpc.JSON{}.Marshal(v)
		check(t, err)
		got, err := rpc.JSON{}.MarshalAppend([]byte("head"), v)
		check(t, err)
		if string(got) != "head"+string(want) {
			t.Errorf("%v is appended as %q, want %q", v, got, want)
		}
	}
	for _, v := range []any{badJSON{}, math.NaN(), make(chan int)} {
		if b, err := (rpc.JSON{}).MarshalAppend(nil, v); err == nil {
			t.Errorf("%T is appended as %q", v, b)
		}
	}
	if b, err := (rpc.JSON{}).MarshalAppend(nil, 7); err != nil || string(b) != "7" {
		t.Errorf("after errors 7 is appended as %q, %v", b, err)
	}
}

// gobs is a codec with no more than the two methods.
type gobs struct{}

func (gobs) Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func (gobs) Unmarshal(data []byte, v any) error {
	return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
}

func TestWithCodec(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer(rpc.WithCodec(gobs{}))
	rpc.Handle(s, "double", func(_ context.Context, in number) (number, error) { return number{2 * in.N}, nil })
	c := start(t, s, rpc.WithCodec(gobs{}))
	got, err := rpc.Call[number](testContext(t), c, "double", number{21})
	check(t, err)
	if got.N != 42 {
		t.Errorf("the double of 21 is %d", got.N)
	}
}
