//go:build unix

package gonng

import "syscall"

// newPollFD makes a pipe with one byte in it while ready. The descriptors are
// not the runtime's: the program polls them, and nothing here waits.
func newPollFD() (*pollFD, error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	err := syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	one := make([]byte, 1)
	return &pollFD{
		fd: fds[0],
		set: func(ready bool) {
			if ready {
				syscall.Write(fds[1], one)
			} else {
				syscall.Read(fds[0], one)
			}
		},
		close: func() {
			syscall.Close(fds[0])
			syscall.Close(fds[1])
		},
	}, nil
}
