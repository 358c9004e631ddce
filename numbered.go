package gonng

import (
	"slices"
	"sync"
)

// numbered is a list whose elements get numbers, in the order in which they are added.
type numbered[T comparable] struct {
	mu   sync.Mutex
	last uint32
	list []T
}

// add adds x, and stores its number before another goroutine can find x in the list.
func (l *numbered[T]) add(x T, number *uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	*number = l.last
	l.list = append(l.list, x)
}

func (l *numbered[T]) remove(x T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(y T) bool { return x == y })
}

func (l *numbered[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}
