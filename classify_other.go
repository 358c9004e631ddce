//go:build !windows

package gonng

import "syscall"

// systemKinds are the kinds of numbers that not every system has.
var systemKinds map[syscall.Errno]Error
