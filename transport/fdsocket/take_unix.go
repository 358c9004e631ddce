//go:build unix

package fdsocket

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// take makes a T of the descriptor and closes the descriptor. What is not a
// socket it leaves alone: the number was a mistake, and means something else.
func take[T io.Closer](fd int, as func(*os.File) (T, error)) (taken T, err error) {
	dup, err := duplicate(fd)
	if err != nil {
		return taken, refused(fd, os.NewSyscallError("dup", err))
	}
	f := os.NewFile(uintptr(dup), "descriptor "+strconv.Itoa(fd))
	defer f.Close()
	if taken, err = as(f); err != nil {
		var number syscall.Errno
		if errors.As(err, &number) { // without the name of a file that package net makes up
			err = number
		}
		return taken, refused(fd, err)
	}
	_ = syscall.Close(fd)
	return taken, nil
}

func duplicate(fd int) (int, error) {
	syscall.ForkLock.RLock() // a child must not inherit it
	defer syscall.ForkLock.RUnlock()
	dup, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(dup)
	}
	return dup, err
}

// Listener takes the descriptor of a listening socket over.
func Listener(fd int) (net.Listener, error) {
	listening, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err == nil && listening == 0 {
		err = errors.New("the socket does not listen; one that is connected is to be dialed")
	}
	if err != nil {
		return nil, refused(fd, err)
	}
	return take(fd, net.FileListener)
}

// checkSocket refuses a descriptor that is no socket.
func checkSocket(fd int) error {
	if _, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE); err != nil {
		return refused(fd, err)
	}
	return nil
}

// refused is why the descriptor is of no use, today or ever.
func refused(fd int, err error) error {
	return fmt.Errorf("%w: descriptor %d: %w", transport.ErrAddressInvalid, fd, err)
}
