package gonngtest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/gonng/gonng/transport"
)

// readingSizes are those of messages that arrive in different ways.
var readingSizes = []int{1, 100, 20 << 10, 300 << 10}

// readingMessages are how many arrive.
const readingMessages = 200

// checkTryRead: TryRead does not wait, and brings what Read would.
func checkTryRead(t testing.TB, c *contract) {
	c.ends(t, func(from, to *end) {
		tries, ok := to.Conn.(transport.TryReader)
		if !ok {
			return
		}
		if got := tries.TryRead(nil); len(got) > 0 {
			t.Fatalf("TryRead brings %d messages that nobody sent", len(got))
		}
		arrives(t, from, func() ([]transport.Message, error) { return tries.TryRead(nil), nil })
	})
}

// checkInterrupt: a Read that waits can be interrupted, and nothing is lost by it.
func checkInterrupt(t testing.TB, c *contract) {
	c.ends(t, func(from, to *end) {
		interrupted, ok := to.Conn.(transport.Interrupter)
		if !ok {
			return
		}
		for range 3 {
			var err error
			var got []transport.Message
			read := beside(func() bool { got, err = to.Read(nil); return true })
			interrupted.Interrupt()
			if await(t, "a Read ends that was interrupted", read); len(got) > 0 || err != nil {
				t.Fatalf("a Read that was interrupted brings %d messages and error %v", len(got), err)
			}
		}
		var mu sync.Mutex // held while it is decided who may be interrupted
		some, ended := true, make(chan struct{})
		defer close(ended)
		go func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				mu.Lock()
				if some {
					interrupted.Interrupt()
				}
				mu.Unlock()
			}
		}()
		arrives(t, from, func() ([]transport.Message, error) {
			got, err := to.Read(nil)
			mu.Lock()
			some = len(got) > 0
			mu.Unlock()
			return got, err
		})
	})
}

// arrives sends messages of all sizes, which read must bring as they are.
func arrives(t testing.TB, from *end, read func() ([]transport.Message, error)) {
	t.Helper()
	sent := beside(func() error {
		for i := range readingMessages {
			if err := from.send(body(i, readingSizes[i%len(readingSizes)])); err != nil {
				return err
			}
		}
		return nil
	})
	all := beside(func() error {
		for i := 0; i < readingMessages; {
			got, err := read()
			for _, m := range got {
				if !bytes.Equal(m.Data, body(i, readingSizes[i%len(readingSizes)])) {
					return fmt.Errorf("message %d is another, or damaged", i)
				}
				m.Release()
				i++
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := await(t, "all messages arrive", all); err != nil {
		t.Fatalf("Read: %v", err)
	}
	if err := await(t, "the messages are written", sent); err != nil {
		t.Fatalf("Write: %v", err)
	}
}
