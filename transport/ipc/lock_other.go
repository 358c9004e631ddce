//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package ipc

import "context"

func lock(context.Context, string) (unlock func()) { return func() {} }
