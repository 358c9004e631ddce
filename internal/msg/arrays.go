package msg

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Arrays are arrays of powers of two that queues and batches lend each other: a burst needs a
// large one, and one queue of many at a time. The zero value is ready.
type Arrays[T any] struct {
	mu   sync.Mutex
	kept [largestKept + 1][]*T // for good, a few of each size
	// The garbage collector frees those beyond. A pool alone would not do: the last array
	// that was put on one processor cannot be got on another.
	pools [largestArray + 1]sync.Pool
}

// The largest size that is lent, the sizes of which some are kept for good, as powers of two, and
// how many of each.
const (
	smallestKept = 7
	largestKept  = 13
	largestArray = 16
	fewArrays    = 4
)

// LargestArray is the most elements of an array that is lent.
const LargestArray = 1 << largestArray

// Get returns an empty slice with room for n elements at least.
func (a *Arrays[T]) Get(n int) []T {
	class := bits.Len(uint(n - 1))
	if class <= largestArray {
		p := a.take(class)
		if p == nil {
			p, _ = a.pools[class].Get().(*T)
		}
		if p != nil {
			return unsafe.Slice(p, 1<<class)[:0]
		}
	}
	return make([]T, 0, 1<<class)
}

func (a *Arrays[T]) take(class int) *T {
	if class < smallestKept || class > largestKept {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	last := len(a.kept[class]) - 1
	if last < 0 {
		return nil
	}
	p := a.kept[class][last]
	a.kept[class] = a.kept[class][:last]
	return p
}

// Put takes over a slice of Get, which must be cleared.
func (a *Arrays[T]) Put(s []T) {
	class := bits.Len(uint(cap(s) - 1))
	if cap(s) != 1<<class || class > largestArray {
		return
	}
	if p := unsafe.SliceData(s); !a.keep(class, p) {
		a.pools[class].Put(p)
	}
}

func (a *Arrays[T]) keep(class int, p *T) bool {
	if class < smallestKept || class > largestKept {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kept[class]) == fewArrays {
		return false
	}
	a.kept[class] = append(a.kept[class], p)
	return true
}
