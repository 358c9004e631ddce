//go:build unix

package pollfd

import "syscall"

// pipe has one byte in it while the level is high. It is a pair of sockets, since a call on
// a socket can be told not to wait: a program that reads from its descriptor by mistake, or
// makes it wait, holds up nobody but itself.
type pipe [2]int

func newPipe() (p pipe, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if p, err = syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0); err != nil {
		return p, err
	}
	for _, fd := range p {
		syscall.CloseOnExec(fd)
		if err := syscall.SetNonblock(fd, true); err != nil {
			p.close()
			return p, err
		}
	}
	return p, nil
}

func (p pipe) fd() int { return p[0] }

func (p pipe) set(high bool) {
	one := make([]byte, 1)
	if high {
		syscall.Sendto(p[1], one, syscall.MSG_DONTWAIT, nil)
	} else {
		syscall.Recvfrom(p[0], one, syscall.MSG_DONTWAIT) // what the program has read already is not there
	}
}

func (p pipe) close() {
	syscall.Close(p[0])
	syscall.Close(p[1])
}
