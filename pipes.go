package gonng

import (
	"container/list"
	"slices"
)

// pipeList is the pipes of a socket, a dialer or a listener, in the order in which they
// came. The socket's lock guards it.
type pipeList struct {
	list  list.List
	walks []*walk // those that are under way
}

// walk is where a snapshot that releases the lock in between goes on.
type walk struct{ next *list.Element }

func (l *pipeList) len() int { return l.list.Len() }

// add returns the place of p, for remove.
func (l *pipeList) add(p *Pipe) *list.Element { return l.list.PushBack(p) }

func (l *pipeList) remove(place *list.Element) {
	for _, w := range l.walks {
		if w.next == place {
			w.next = place.Next()
		}
	}
	l.list.Remove(place)
}

// oldest is the first of the pipes, or nil.
func (l *pipeList) oldest() *Pipe {
	if e := l.list.Front(); e != nil {
		return e.Value.(*Pipe)
	}
	return nil
}

// all returns the pipes, also those whose hooks still run.
func (l *pipeList) all() []*Pipe {
	pipes := make([]*Pipe, 0, l.list.Len())
	for e := l.list.Front(); e != nil; e = e.Next() {
		pipes = append(pipes, e.Value.(*Pipe))
	}
	return pipes
}

// snapshotPart is the number of pipes for which a snapshot holds the socket's lock at a
// time, so that it does not hold up messages.
const snapshotPart = 256

// snapshot returns the connected pipes of the list. A pipe that comes or goes meanwhile may
// be among them or not.
func (s *socket) snapshot(l *pipeList) []*Pipe {
	s.lock()
	defer s.unlock()
	if s.stopped() {
		return nil // Close does not wait for a pipe whose hook of the program is running
	}
	pipes := make([]*Pipe, 0, l.len())
	w := l.begin()
	defer l.end(w)
	for {
		for _, p := range l.part(w) {
			if p.connectedLocked() {
				pipes = append(pipes, p)
			}
		}
		if w.next == nil {
			return pipes
		}
		s.unlock() // others may lock the socket now
		s.lock()
	}
}

func (l *pipeList) begin() *walk {
	w := &walk{l.list.Front()}
	l.walks = append(l.walks, w)
	return w
}

func (l *pipeList) end(w *walk) {
	l.walks = slices.DeleteFunc(l.walks, func(x *walk) bool { return x == w })
}

// part returns the next pipes of a walk.
func (l *pipeList) part(w *walk) (pipes []*Pipe) {
	for len(pipes) < snapshotPart && w.next != nil {
		pipes = append(pipes, w.next.Value.(*Pipe))
		w.next = w.next.Next()
	}
	return pipes
}

// Pipes are the connected pipes. See [Socket].
func (s *socket) Pipes() []*Pipe { return s.snapshot(&s.pipes) }

// ofEnd is the list of the dialer or listener that made the pipe, or nil.
func (p *Pipe) ofEnd() *pipeList {
	switch {
	case p.target != nil:
		return &p.target.d.pipes
	case p.listener != nil:
		return &p.listener.pipes
	}
	return nil
}

// enlistLocked adds the pipe to those of its socket and of its dialer or listener.
func (p *Pipe) enlistLocked() {
	p.place = p.s.pipes.add(p)
	if l := p.ofEnd(); l != nil {
		p.placeOfEnd = l.add(p)
	}
}

// delistLocked is the end of enlistLocked.
func (p *Pipe) delistLocked() {
	p.s.pipes.remove(p.place)
	if l := p.ofEnd(); l != nil {
		l.remove(p.placeOfEnd)
	}
}
