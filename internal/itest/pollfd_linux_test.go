//go:build linux

package itest

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestDescriptorThatIsRead: a program that reads a descriptor that is there to be polled
// hangs nothing.
func TestDescriptorThatIsRead(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
		link(t, pull, push, tr)
		in, out := recvFD(t, pull), sendFD(t, push)
		for i := range 5 {
			_, _ = syscall.Read(out, make([]byte, 10))
			sendText(t, push, fmt.Sprint(i))
			arrived(t, pull, uint64(i+1))
			_, _ = syscall.Read(in, make([]byte, 10))
			_, _ = syscall.Read(in, make([]byte, 10))
			recvText(t, pull, fmt.Sprint(i))
			pull.Stats()
			push.Stats()
		}
		check(t, wait(t, "Close", concurrently(pull.Close)))
		check(t, wait(t, "Close", concurrently(push.Close)))
	})
}
