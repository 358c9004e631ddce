package stream

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
)

// writes is a connection that notes what each Write gets, up to a limit.
type writes struct {
	net.Conn
	sizes []int
	all   []byte
	room  int
}

func (w *writes) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.room -= n
	w.sizes = append(w.sizes, n)
	w.all = append(w.all, p[:n]...)
	if n < len(p) {
		return n, errors.New("full")
	}
	return n, nil
}

func TestGather(t *testing.T) {
	const k = 1 << 10
	for _, test := range []struct{ pieces, writes []int }{
		{nil, nil},
		{[]int{8, 100}, []int{108}},
		{[]int{8, 16*k - 8}, []int{16 * k}},
		{[]int{8, 64 * k}, []int{16 * k, 48 * k, 8}},
		{[]int{8, 64 * k, 8, 64 * k}, []int{16 * k, 48 * k, 16 * k, 48 * k, 16}},
		{[]int{32 * k, 1}, []int{32 * k, 1}},
		{[]int{0, 20 * k, 0}, []int{16 * k, 4 * k}},
	} {
		var pieces [][]byte
		var whole []byte
		for _, n := range test.pieces {
			p := make([]byte, n)
			_, _ = rand.NewChaCha8([32]byte{byte(len(pieces))}).Read(p)
			pieces, whole = append(pieces, p), append(whole, p...)
		}
		w := &writes{room: len(whole)}
		if n, err := gather(w, pieces); n != len(whole) || err != nil || !bytes.Equal(w.all, whole) {
			t.Errorf("%v: wrote %d bytes of %d, %v", test.pieces, n, len(whole), err)
		}
		if !slices.Equal(w.sizes, test.writes) {
			t.Errorf("%v: writes of %v, want %v", test.pieces, w.sizes, test.writes)
		}
		if len(whole) == 0 {
			continue
		}
		w = &writes{room: len(whole) - 1}
		if n, err := gather(w, pieces); n != len(whole)-1 || err == nil || len(w.all) != n {
			t.Errorf("%v: a failing connection took %d bytes of %d, %v", test.pieces, n, len(whole), err)
		}
	}
}
