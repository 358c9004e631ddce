package gonng

import (
	"errors"

	"github.com/gonng/gonng/internal/pollfd"
)

// RecvFD is a descriptor to poll that is readable while a receive would not
// wait. See [Socket].
func (s *socket) RecvFD() (int, error) {
	return s.openFD("recv fd", &s.recvFD, s.canRecv())
}

// SendFD is a descriptor to poll that is readable while a send would not wait.
// See [Socket].
func (s *socket) SendFD() (int, error) {
	return s.openFD("send fd", &s.sendFD, s.canSend())
}

func (s *socket) openFD(op string, fd **pollfd.FD, able error) (int, error) {
	if able != nil {
		return -1, s.opError(op, "", able)
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
