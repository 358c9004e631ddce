package gonng

import (
	"fmt"

	"github.com/gonng/gonng/transport"
)

// PeerCred is who is at the other end of a pipe: the numbers of its user (UID),
// the user's primary group (GID) and its process (PID). Linux and macOS tell all
// three; on FreeBSD PID is 0.
type PeerCred = transport.PeerCred

// PeerCred is who the peer was when it connected, or on its listener's side when
// it began to listen, by the word of the kernel: nothing that the peer could
// make up. A [PipeConnecting] hook can refuse peers by it.
//
// It is for the pipes of ipc://, unix:// and abstract://, and attached Unix
// sockets, on Linux, macOS and FreeBSD. Other pipes have ErrNotSupported, and one
// that is closed ErrClosed. nng: NNG_OPT_PEER_UID, NNG_OPT_PEER_GID and
// NNG_OPT_PEER_PID.
func (p *Pipe) PeerCred() (PeerCred, error) {
	c, ok := p.conn.(transport.Credentials)
	if !ok {
		err := fmt.Errorf("%w: only a Unix socket knows its peer", ErrNotSupported)
		return PeerCred{}, p.s.opError("peer credentials", p.URL(), err)
	}
	cred, err := c.PeerCred()
	return cred, p.s.opError("peer credentials", p.URL(), err)
}
