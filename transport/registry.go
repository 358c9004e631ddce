package transport

import (
	"fmt"
	"strings"
	"sync"
)

var registry sync.Map // scheme → Transport

// Register adds a transport for the URLs of a scheme, for all sockets made
// afterwards. It panics when the scheme is taken or is not a plain scheme, and
// when t is nil: these are mistakes of the program. gonng's own schemes cannot be
// replaced.
func Register(scheme string, t Transport) {
	if t == nil {
		panic(fmt.Sprintf("transport: Register: the transport of %q is nil", scheme))
	}
	if scheme == "" || strings.ToLower(scheme) != scheme || strings.ContainsAny(scheme, ":/ ") {
		panic(fmt.Sprintf("transport: Register: %q is not a URL scheme in lower case", scheme))
	}
	if _, taken := registry.LoadOrStore(scheme, t); taken {
		panic(fmt.Sprintf("transport: Register: scheme %q is registered already", scheme))
	}
}

// Lookup returns the transport registered for scheme, or nil.
func Lookup(scheme string) Transport {
	t, _ := registry.Load(scheme)
	found, _ := t.(Transport)
	return found
}
