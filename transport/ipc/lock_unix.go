//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ipc

import (
	"context"
	"os"
	"syscall"
	"time"
)

// lockPatience bounds the wait for the lock: anybody who can read a directory
// can lock it, and must not keep others from listening for ever.
const lockPatience = time.Second

// lock keeps other listeners of this package, also in other processes, from
// dir until unlock is called. A directory that cannot be locked is no obstacle.
func lock(ctx context.Context, dir string) (unlock func()) {
	// O_DIRECTORY, because what is no directory may make open wait: a FIFO waits
	// for its writer.
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			break
		}
		select {
		case <-again.C:
			continue
		case <-ctx.Done():
		}
		break
	}
	return func() { f.Close() }
}
