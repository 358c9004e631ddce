package gonng

import (
	"container/list"
	"slices"
)

// walked is a list of elements in the order in which they came. One may walk along it and
// let others change it in between. The zero value is empty.
type walked[T any] struct {
	list  list.List
	walks []*walk // those that are under way
}

// place is that of an element in a walked list.
type place = list.Element

// walk is where a walk goes on.
type walk struct{ next *place }

func (l *walked[T]) len() int { return l.list.Len() }

// add returns the place of x, for remove.
func (l *walked[T]) add(x T) *place { return l.list.PushBack(x) }

func (l *walked[T]) remove(p *place) {
	for _, w := range l.walks {
		w.passOver(p)
	}
	l.list.Remove(p)
}

func (w *walk) passOver(p *place) {
	if w.next == p {
		w.next = p.Next()
	}
}

// oldest is the first element, or the zero T.
func (l *walked[T]) oldest() (x T) {
	if e := l.list.Front(); e != nil {
		x = e.Value.(T)
	}
	return x
}

// all returns the elements.
func (l *walked[T]) all() []T {
	w := walk{l.list.Front()}
	return l.part(&w, l.len())
}

// begin begins a walk, which end ends.
func (l *walked[T]) begin() *walk {
	w := &walk{l.list.Front()}
	l.walks = append(l.walks, w)
	return w
}

func (l *walked[T]) end(w *walk) {
	l.walks = slices.DeleteFunc(l.walks, func(x *walk) bool { return x == w })
}

// part returns the next elements of a walk, most at most; none at its end.
func (l *walked[T]) part(w *walk, most int) []T {
	part := make([]T, 0, min(most, l.len()))
	for len(part) < most {
		e := w.take()
		if e == nil {
			break
		}
		part = append(part, e.Value.(T))
	}
	return part
}

// take returns the next place, or nil.
func (w *walk) take() *place {
	e := w.next
	if e != nil {
		w.next = e.Next()
	}
	return e
}
