package itest

import (
	"encoding/binary"
	"math/rand/v2"
)

// noise is where bodies are cut from, each in another place, so that none is
// like another.
var noise = func() []byte {
	b := make([]byte, 4<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}()

// body is the i-th body.
func body(i, size int) []byte {
	at := i * 7919 % (len(noise) - size)
	return noise[at : at+size : at+size]
}

// The sizes around which something changes: the chunk that is read, the body
// that is copied, the buffer of a message's own.
var sizes = []int{0, 1, 1 << 10, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32<<10 - 1, 32<<10 + 1, 64<<10 - 1, 64<<10 + 1, 900 << 10}

// mixedSize is the size of the i-th body: mostly small, a few up to 128 KiB.
func mixedSize(i int) int {
	x := uint32(i) * 2654435761 >> 7
	switch {
	case x%256 == 0:
		return int(x % (128 << 10))
	case x%8 == 0:
		return int(x % (4 << 10))
	}
	return int(x % 100)
}

func numbered(i, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, uint64(i))
	return b
}
