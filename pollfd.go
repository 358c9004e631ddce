package gonng

import (
	"errors"

	"github.com/gonng/gonng/internal/pollfd"
	"github.com/gonng/gonng/internal/sp"
)

// RecvFD is a descriptor to poll that is readable while a receive would not
// wait. See [Socket].
func (s *socket) RecvFD() (int, error) {
	return s.openFD("recv fd", &s.recvFD, s.in != nil, refusals[sp.CannotReceive])
}

// SendFD is a descriptor to poll that is readable while a send would not wait.
// See [Socket].
func (s *socket) SendFD() (int, error) {
	return s.openFD("send fd", &s.sendFD, s.out != nil, refusals[sp.CannotSend])
}

func (s *socket) openFD(op string, fd **pollfd.FD, able bool, otherwise error) (int, error) {
	if !able {
		return -1, s.opError(op, "", otherwise)
	}
	fresh, err := pollfd.New() // not under the lock, so perhaps in vain
	if errors.Is(err, errors.ErrUnsupported) {
		err = errorf(ErrNotSupported, "this platform has no descriptors to poll")
	}
	if err != nil {
		return -1, s.opError(op, "", err)
	}
	s.lock()
	closed := s.closed
	if !closed && *fd == nil {
		*fd, fresh, s.hasFDs = fresh, nil, true
		s.endDirectReadLocked()
	}
	opened := *fd
	s.unlock()
	if fresh != nil {
		fresh.Close()
	}
	if closed {
		return -1, s.opError(op, "", errSocketClosed)
	}
	return opened.FD(), nil
}

// levelsLocked are the descriptors whose level has changed: it is to be applied once the
// socket is unlocked.
func (s *socket) levelsLocked() (recv, send *pollfd.FD) {
	if !s.hasFDs || s.closed {
		return nil, nil
	}
	if s.recvFD != nil && s.recvFD.Want(s.endpoint.core.CanRecv()) {
		recv = s.recvFD
	}
	if s.sendFD != nil && s.sendFD.Want(s.endpoint.core.CanSend()) {
		send = s.sendFD
	}
	return recv, send
}

// closeFDs is called once nobody uses the descriptors any more.
func (s *socket) closeFDs() {
	s.lock()
	fds := [2]*pollfd.FD{s.recvFD, s.sendFD}
	s.recvFD, s.sendFD, s.hasFDs = nil, nil, false
	s.unlock()
	for _, fd := range fds {
		if fd != nil {
			fd.Close()
		}
	}
}
