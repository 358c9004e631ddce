package gonng

// pollFD is a descriptor that is readable while something is possible, for
// programs with an event loop of their own. The socket's mutex guards it.
type pollFD struct {
	fd    int
	set   func(ready bool)
	close func()
	ready bool
}

func (p *pollFD) update(ready bool) {
	if p != nil && p.ready != ready {
		p.ready = ready
		p.set(ready)
	}
}

// RecvFD is a descriptor to poll that is readable while a receive would not
// wait. See [Socket].
func (s *socket) RecvFD() (int, error) {
	return s.openFD("recv fd", &s.recvFD, s.in != nil, errNeverReceives)
}

// SendFD is a descriptor to poll that is readable while a send would not wait.
// See [Socket].
func (s *socket) SendFD() (int, error) {
	return s.openFD("send fd", &s.sendFD, s.out != nil, errNeverSends)
}

func (s *socket) openFD(op string, p **pollFD, able bool, otherwise error) (int, error) {
	if !able {
		return -1, s.opError(op, "", otherwise)
	}
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return -1, s.opError(op, "", errSocketClosed)
	}
	if *p == nil {
		opened, err := newPollFD()
		if err != nil {
			return -1, s.opError(op, "", err)
		}
		*p, s.polled = opened, true
		s.recallLoan()
	}
	return (*p).fd, nil
}

// updateFDs is called after a change that may make a receive or a send
// possible or impossible.
func (s *socket) updateFDs() {
	if !s.closed {
		s.recvFD.update(s.recvFD != nil && s.in.source.more())
		s.sendFD.update(s.sendFD != nil && s.out.target.ready())
	}
}

// closeFDs is called once nobody uses the descriptors any more.
func (s *socket) closeFDs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range []*pollFD{s.recvFD, s.sendFD} {
		if p != nil {
			p.close()
		}
	}
	s.recvFD, s.sendFD, s.polled = nil, nil, false
}
