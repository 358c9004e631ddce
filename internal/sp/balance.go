package sp

import (
	"slices"

	"github.com/gonng/gonng/internal/msg"
)

// balance sends each message to one peer that has room: to one of those with the
// lowest priority number, and among them to one with the smallest load, in turn. What
// a choice costs does not depend on how many peers there are, full or not.
type balance struct {
	c       *Core
	levels  []*level // those of peers that were ever attached, in the order of priority
	peers   int      // attached
	senders Waiters
	held    []msg.Message // accepted while no peer was connected
}

// level is the ready peers of one priority.
type level struct {
	priority int
	alone    *Peer         // the only one, which most sockets have: it is in no ring
	rings    []*list[Peer] // by load; those of several. The first of a ring is next
	least    int           // no ring before this index has a peer
}

// balanced is the place of a peer in a balance.
type balanced struct {
	level *level // nil: not attached
	ready bool   // it is in a ring
	load  int
	place node[Peer] // in a ring
}

func (b *balance) attach(p *Peer) {
	i, found := slices.BinarySearchFunc(b.levels, p.Priority, func(l *level, n int) int { return l.priority - n })
	if !found {
		b.levels = slices.Insert(b.levels, i, &level{priority: p.Priority})
	}
	b.peers++
	p.balanced.level = b.levels[i]
	b.writable(p)
}

func (b *balance) detach(p *Peer) {
	if p.balanced.level != nil {
		b.peers--
		p.leave()
		p.balanced.level = nil
		b.wakeHolder()
	}
}

// wakeHolder wakes a sender whose message the send buffer can hold now, because the last
// peer has gone or the buffer has grown. That sender wakes the next.
func (b *balance) wakeHolder() {
	if b.canHold() {
		b.c.WakeOne(&b.senders)
	}
}

// writable tells that p has room again.
func (b *balance) writable(p *Peer) {
	if p.balanced.level == nil {
		return
	}
	if !p.balanced.ready && !p.out.closed && !p.out.full() {
		p.enter()
	}
	if len(b.held) > 0 {
		b.sendHeld()
	}
	if b.ready() {
		b.c.WakeOne(&b.senders)
	}
}

func (b *balance) Room() *Waiters { return &b.senders }

// ready reports whether some peer has room.
func (b *balance) ready() bool { return b.next(nil) != nil }

// idle is the only peer, if all that was sent to it is written and there is no send buffer,
// which would let a send go on at once; or nil.
func (b *balance) idle() *Peer {
	if p := b.next(nil); p != nil && b.peers == 1 && b.c.cfg.SendBuffer == 0 && !p.out.writing && !p.out.closed {
		return p
	}
	return nil
}

// CanSend is for the endpoints that wait for room only.
func (b *balance) CanSend() bool { return b.ready() || b.canHold() }

// next is the peer whose turn it is, past those of except; nil: none has room.
func (b *balance) next(except []*Peer) *Peer {
	if len(b.levels) == 1 && except == nil { // most often
		l := b.levels[0]
		if l.alone != nil {
			return l.alone
		}
		if l.least < len(l.rings) && l.rings[l.least].first != nil {
			return l.rings[l.least].front()
		}
	}
	for _, l := range b.levels {
		if p := l.alone; p != nil && !slices.Contains(except, p) {
			return p
		}
		if !l.any() {
			continue
		}
		for _, r := range l.rings[l.least:] {
			for n := r.first; n != nil; n = n.next {
				if len(except) == 0 || !slices.Contains(except, n.of) {
					return n.of
				}
			}
		}
	}
	return nil
}

// send returns the peer that took the message, or nil.
func (b *balance) send(header []byte, body *msg.Message) *Peer {
	for {
		p := b.next(nil)
		if p == nil || b.sendTo(p, header, body) {
			return p
		}
	}
}

// sendTo sends to p, which is ready and so has room, and reports whether it took the
// message.
func (b *balance) sendTo(p *Peer, header []byte, body *msg.Message) bool {
	taken := b.c.putAlways(p, header, body, nil) == putDone
	if !taken || p.out.full() {
		p.leave()
	} else if p.balanced.place.next != nil {
		p.leave()
		p.enter() // behind the others
	}
	return taken
}

// canHold reports whether no peer is connected and the send buffer has room.
func (b *balance) canHold() bool { return b.peers == 0 && len(b.held) < b.c.cfg.SendBuffer }

// sendOrHold is send that holds the message while no peer is connected. It reports
// whether it took the message.
func (b *balance) sendOrHold(header []byte, body *msg.Message) bool {
	if b.send(header, body) != nil { // what is held has gone before, or nobody has room
		return true
	}
	if !b.canHold() {
		return false
	}
	b.c.Counters.SendQueue++
	if len(body.Data) > CopyMax && len(header) == 0 {
		b.held = append(b.held, body.Retain())
		return true
	}
	whole := msg.NewBuffer(len(header) + len(body.Data))
	copy(whole.Bytes()[copy(whole.Bytes(), header):], body.Data)
	b.held = append(b.held, msg.In(whole, whole.Bytes()))
	return true
}

// sendHeld sends what was held while no peer was connected.
func (b *balance) sendHeld() {
	n := 0
	for ; n < len(b.held) && b.send(nil, &b.held[n]) != nil; n++ {
		b.held[n].Release()
	}
	b.c.Counters.SendQueue -= n
	b.held = slices.Delete(b.held, 0, n)
}

// close drops what was held for a peer that did not come.
func (b *balance) close() {
	for i := range b.held {
		b.held[i].Release()
	}
	b.c.Counters.Unsent += uint64(len(b.held))
	b.c.Counters.SendQueue -= len(b.held)
	b.held = nil
	b.c.FailAll(&b.senders, Closed)
}

// load changes the load of p.
func (p *Peer) load(by int) {
	at := &p.balanced
	if !at.ready || at.level.alone == p {
		at.load += by
		return
	}
	p.leave()
	at.load += by
	p.enter()
}

// enter makes p one of the ready peers, behind those of its load.
func (p *Peer) enter() {
	at := &p.balanced
	l := at.level
	at.ready = true
	switch other := l.alone; {
	case other != nil:
		l.alone = nil
		other.enterRing()
	case !l.any():
		l.alone = p
		return
	}
	p.enterRing()
}

// any reports whether a ring has a peer.
func (l *level) any() bool {
	for l.least < len(l.rings) && l.rings[l.least].first == nil {
		l.least++
	}
	return l.least < len(l.rings)
}

// enterRing puts p behind the ready peers of its load, of which there are others.
func (p *Peer) enterRing() {
	at := &p.balanced
	l := at.level
	for len(l.rings) <= at.load {
		l.rings = append(l.rings, new(list[Peer]))
	}
	l.rings[at.load].append(&at.place, p)
	l.least = min(l.least, at.load)
}

// leave takes p out of the ready peers.
func (p *Peer) leave() {
	at := &p.balanced
	if !at.ready {
		return
	}
	at.ready = false
	if at.level.alone == p {
		at.level.alone = nil
		return
	}
	at.place.leave()
}
