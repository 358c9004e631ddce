package gonng

import (
	"slices"
	"sync"
)

// socketList is a list of open sockets, in the order in which they were made.
type socketList struct {
	mu     sync.Mutex
	lastID uint32
	open   []*socket
}

// registry has the sockets of this process.
var registry socketList

// add gives the socket its number, and lists it.
func (l *socketList) add(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastID++
	s.id = l.lastID
	l.open = append(l.open, s)
}

func (l *socketList) remove(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = slices.DeleteFunc(l.open, func(x *socket) bool { return x == s })
}

func (l *socketList) all() []Socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Socket, len(l.open))
	for i, s := range l.open {
		list[i] = s.public()
	}
	return list
}

// Sockets are the sockets of this process that are open, in the order in which they
// were made: for tools that look inside a program.
func Sockets() []Socket { return registry.all() }

// ID is the socket's number. See [Socket].
func (s *socket) ID() uint32 { return s.id }
