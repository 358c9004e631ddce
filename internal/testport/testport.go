// Package testport finds ports for tests that listen at one of their own choice: for programs
// that do not say which port they made of 0, and where somebody listens again at the same one.
package testport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var used sync.Map

// Vacant is a TCP port of 127.0.0.1 where nobody listens. No other call in this process returns
// it, and a system as it comes gives it to nobody who asks for any port. One that a listener had
// by asking for any would not do: the next who asks may get it.
func Vacant(t testing.TB) string {
	t.Helper()
	for range 100 {
		p := strconv.Itoa(20_000 + rand.IntN(12_000))
		if _, twice := used.LoadOrStore(p, true); twice {
			continue
		}
		if l, err := net.Listen("tcp", "127.0.0.1:"+p); err == nil {
			l.Close()
			return p
		}
	}
	t.Fatal("no port of 100 is vacant")
	return ""
}

// In is the URL with a vacant port in the place of port 0. A URL without port 0 stays as it is.
func In(t testing.TB, url string) string {
	t.Helper()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if before, after, found := strings.Cut(url, host+":0"); found {
			return before + host + ":" + Vacant(t) + after
		}
	}
	return url
}
