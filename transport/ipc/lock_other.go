//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package ipc

import "context"

// lock does nothing: this system has no flock.
func lock(context.Context, string) (unlock func()) { return func() {} }
