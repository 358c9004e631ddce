//go:build !js

package itest

import (
	"net"
	"runtime"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// manyMessages is how many are sent where a test wants many.
const manyMessages = 10_000

// routed are the transports of the routes.
var routed = gonngtest.Transports

// openLinked opens a socket that listens and one that has dialed it.
func openLinked(t testing.TB, listening, dialing gonngtest.Constructor, tr gonngtest.Transport, opts ...gonng.SocketOption) (listener, dialer gonng.Socket) {
	t.Helper()
	listener, dialer = open(t, listening, opts...), open(t, dialing, opts...)
	gonngtest.Connect(t, listener, dialer, tr)
	return listener, dialer
}

// brought are connections that nobody listens for: the program brings them.
var brought = map[string]func(t testing.TB, a, b gonng.Socket){
	"attached": func(t testing.TB, a, b gonng.Socket) {
		x, y := net.Pipe()
		attached(t, a, b, x, y)
	},
	"socket": func(t testing.TB, a, b gonng.Socket) {
		x, y := socketURLs(t)
		_, err := a.Dial(testContext(t), x, gonng.WithDialMode(gonng.DialBackground)) // it waits for the other
		check(t, err)
		_, err = b.Dial(testContext(t), y)
		check(t, err)
		waitPeers(t, a, 1)
	},
}

// needHere is for a test of the memory that the program shares with this socket. Both
// sockets of a route are in this process.
func needHere(testing.TB, gonng.Socket) {}

// needHoldup is for a test of a receiver that holds its sender up. All can.
func needHoldup(testing.TB, gonng.Socket) {}

// letOthersRun gives way to those that make a message arrive.
func letOthersRun() { runtime.Gosched() }
