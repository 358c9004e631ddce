package gonng

import "sync"

// socketList has sockets in the order in which they were opened. To add and to remove one
// costs the same however many there are.
type socketList struct {
	mu   sync.Mutex
	last uint32 // the number of the last one
	list walked[Socket]
}

// add gives s its number before another goroutine can find it in the list.
func (l *socketList) add(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	s.id, s.registered = l.last, l.list.add(s.self)
}

// remove takes s out, unless it was taken out before.
func (l *socketList) remove(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list.remove(s.registered)
}

func (l *socketList) all() []Socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list.all()
}
