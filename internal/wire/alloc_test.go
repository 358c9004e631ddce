package wire_test

import (
	"testing"

	"github.com/gonng/gonng/internal/wire"
)

// What runs for each message must not allocate, not even to refuse one: a peer
// that sends garbage would choose how much.
func TestNoAllocations(t *testing.T) {
	b := make([]byte, 0, 64)
	long := backtrace(9)
	for name, f := range map[string]func(){
		"AppendPrefix": func() { b = wire.IPCFraming.AppendPrefix(b[:0], 5) },
		"AppendID":     func() { b = wire.AppendID(b[:0], wire.EndBit) },
		"AppendHops":   func() { b = wire.AppendHops(b[:0], 1) },
		"ParsePrefix":  func() { _, _ = wire.StreamFraming.ParsePrefix(long) },
		"message type": func() { _, _ = wire.IPCFraming.ParsePrefix(long) },
		"BacktraceLen": func() { _, _ = wire.BacktraceLen(long, 9) },
		"TTL":          func() { _, _ = wire.BacktraceLen(long, 8) },
		"Hops":         func() { _, _ = wire.Hops(long) },
		"truncated":    func() { _, _ = wire.Hops(long[:1]) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
