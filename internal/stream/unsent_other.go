//go:build !linux

package stream

import "syscall"

// unacknowledged cannot be asked here.
func unacknowledged(syscall.RawConn) bool { return true }
