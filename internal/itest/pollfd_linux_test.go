//go:build linux

package itest

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestDescriptorThatIsRead: a program that reads a descriptor that is there to be polled,
// or has it wait, hangs nothing.
func TestDescriptorThatIsRead(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
		link(t, pull, push, tr)
		in, out := recvFD(t, pull), sendFD(t, push)
		check(t, syscall.SetNonblock(in, false))
		check(t, syscall.SetNonblock(out, false))
		read := func(fd int) { _, _, _ = syscall.Recvfrom(fd, make([]byte, 10), syscall.MSG_DONTWAIT) }
		for i := range 5 {
			read(out)
			sendText(t, push, fmt.Sprint(i))
			arrived(t, pull, uint64(i+1))
			read(in)
			read(in)
			recvText(t, pull, fmt.Sprint(i))
			pull.Stats()
			push.Stats()
		}
		check(t, wait(t, "Close", concurrently(pull.Close)))
		check(t, wait(t, "Close", concurrently(push.Close)))
	})
}
