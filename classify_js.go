package gonng

import "syscall"

// systemKinds are the kinds of error numbers that only this system has: none.
var systemKinds map[syscall.Errno]Error
