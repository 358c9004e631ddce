//go:build unix

package main

import "syscall"

// descriptors is how many descriptors there are for connections.
func descriptors() int {
	var limit syscall.Rlimit
	must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	return int(limit.Cur) - 100
}
