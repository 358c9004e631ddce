package msg

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Arrays are arrays of powers of two that queues lend each other: a burst needs a large one,
// and one queue of many at a time. The zero value is ready.
type Arrays[T any] struct{ pools [largestArray + 1]sync.Pool }

// The sizes that are kept, as powers of two.
const (
	smallestArray = 7
	largestArray  = 13
)

// Get returns an empty slice with room for n elements at least.
func (a *Arrays[T]) Get(n int) []T {
	class := max(bits.Len(uint(n-1)), smallestArray)
	if class <= largestArray {
		if p, ok := a.pools[class].Get().(*T); ok {
			return unsafe.Slice(p, 1<<class)[:0]
		}
	}
	return make([]T, 0, 1<<class)
}

// Put takes over a slice of Get, which must be cleared.
func (a *Arrays[T]) Put(s []T) {
	class := bits.Len(uint(cap(s) - 1))
	if cap(s) == 1<<class && class >= smallestArray && class <= largestArray {
		a.pools[class].Put(unsafe.SliceData(s))
	}
}
