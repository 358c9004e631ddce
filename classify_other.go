//go:build !windows && !js

package gonng

import "syscall"

// systemKinds are the kinds of error numbers that only some systems have.
var systemKinds = map[syscall.Errno]Error{syscall.ETXTBSY: ErrBusy}
