package transport

import (
	"fmt"
	"strings"
	"sync"
)

var registry sync.Map // scheme → Transport

// Register adds a transport for the URLs of a scheme, for all sockets made
// afterwards. It panics when the scheme is taken, by gonng or an earlier call, is not a
// plain scheme or begins with dns+ or dnssrv+, which look names up for other schemes, and
// when t is nil: these are mistakes of the program.
func Register(scheme string, t Transport) {
	if t == nil {
		panic(fmt.Sprintf("transport: Register: the transport of %q is nil", scheme))
	}
	if scheme == "" || strings.ToLower(scheme) != scheme || strings.ContainsAny(scheme, ":/ ") {
		panic(fmt.Sprintf("transport: Register: %q is not a URL scheme in lower case", scheme))
	}
	if strings.HasPrefix(scheme, "dns+") || strings.HasPrefix(scheme, "dnssrv+") {
		panic(fmt.Sprintf("transport: Register: %q: dns+ and dnssrv+ are prefixes of gonng, choose another scheme", scheme))
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
