package sp

import "github.com/gonng/gonng/internal/msg"

// fanout sends each message to every peer. A peer that has no room loses the message; the
// sender never waits.
type fanout struct {
	c      *Core
	peers  []*Peer // in any order; Peer.inFan is the place of a peer, from 1
	common msg.Common
	nobody Waiters // the senders that wait: there never is one
}

func (f *fanout) attach(p *Peer) {
	f.peers = append(f.peers, p)
	p.inFan = len(f.peers)
}

// detach moves the last peer into the place of p. A second detach is harmless.
func (f *fanout) detach(p *Peer) {
	if p.inFan == 0 {
		return
	}
	last := len(f.peers) - 1
	f.peers[p.inFan-1] = f.peers[last]
	f.peers[p.inFan-1].inFan = p.inFan
	f.peers[last] = nil
	f.peers = f.peers[:last]
	p.inFan = 0
}

func (f *fanout) Room() *Waiters { return &f.nobody }
func (f *fanout) CanSend() bool  { return true }

// send sends to all peers but except, which may be nil.
func (f *fanout) send(header []byte, body *msg.Message, except *Peer) {
	f.common.Set(header, body.Data)
	for _, p := range f.peers {
		if p != except && f.c.put(p, header, body, &f.common) == putFull {
			f.c.dropFull(p)
		}
	}
	f.common.Set(nil, nil)
}
