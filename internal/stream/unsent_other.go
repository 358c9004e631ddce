//go:build !linux

package stream

import "syscall"

// sendQueue is not known on this system, and never called empty.
type sendQueue struct{}

func (*sendQueue) init(syscall.RawConn) {}

func (*sendQueue) empty() bool { return false }
