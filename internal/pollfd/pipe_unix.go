//go:build unix

package pollfd

import "syscall"

// pipe has one byte in it while the level is high. The descriptors are not the
// runtime's, and nothing waits for them: a program that reads from its own by
// mistake hangs nobody.
type pipe [2]int

func newPipe() (p pipe, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(p[:]); err != nil {
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
		syscall.Write(p[1], one)
	} else {
		syscall.Read(p[0], one) // what the program has read already is not there
	}
}

func (p pipe) close() {
	syscall.Close(p[0])
	syscall.Close(p[1])
}
