//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ipc

import (
	"context"
	"os"
	"syscall"
	"time"
)

// lockPatience bounds the wait for the lock: any process that can read the directory can
// lock it, and must not be able to keep others from listening.
const lockPatience = time.Second

// lock keeps other listeners of this package, also those of other processes, from binding in
// dir until unlock is called. When dir cannot be locked, or not in time, the caller goes on
// without the lock.
func lock(ctx context.Context, dir string) (unlock func()) {
	// Without O_DIRECTORY open would wait if dir is a FIFO without a writer.
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
