package sp

// list is a list of things that have a node for it each. To enter and to leave it takes no
// memory, and the same time however long the list is. A list must not be moved while
// something is in it.
type list[T any] struct{ first, last *node[T] }

// node is the place of a thing in a list. The zero value is in none.
type node[T any] struct {
	of         *T
	in         *list[T] // nil: none
	next, prev *node[T]
}

// append puts x, whose node n is in no list, behind the others.
func (l *list[T]) append(n *node[T], x *T) {
	n.of, n.in, n.prev, n.next = x, l, l.last, nil
	if l.last != nil {
		l.last.next = n
	} else {
		l.first = n
	}
	l.last = n
}

// front is the first in the list, or nil.
func (l *list[T]) front() *T {
	if l.first == nil {
		return nil
	}
	return l.first.of
}

// leave takes the thing out of its list, which it must be in.
func (n *node[T]) leave() {
	l := n.in
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		l.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		l.last = n.prev
	}
	n.in, n.next, n.prev = nil, nil, nil
}
