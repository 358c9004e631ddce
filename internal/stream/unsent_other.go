//go:build !linux

package stream

import "syscall"

// sendQueue cannot be asked here.
type sendQueue struct{}

func (*sendQueue) init(syscall.RawConn) {}

func (*sendQueue) empty() bool { return false }
