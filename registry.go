package gonng

import "sync"

// numbered is a list whose elements get numbers, in the order in which they are added. To
// add and to remove one costs the same however many there are.
type numbered[T any] struct {
	mu   sync.Mutex
	last uint32
	list walked[T]
}

// add adds x, and stores its number and its place, for remove, before another goroutine can
// find x in the list.
func (l *numbered[T]) add(x T, number *uint32, p **place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	*number, *p = l.last, l.list.add(x)
}

// remove takes out what is at p, unless it was taken out before.
func (l *numbered[T]) remove(p *place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.remove(p)
}

func (l *numbered[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list.all()
}
