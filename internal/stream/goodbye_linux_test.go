package stream_test

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/stream"
)

// TestGoodbye: a goodbye is said where there is room for it, and nobody waits
// where there is none.
func TestGoodbye(t *testing.T) {
	near, far := tlsPair(t)
	said := false
	if stream.Goodbye(near, false, func() { said = true }); !said {
		t.Error("there is room and it is not said")
	}
	// Fill what the kernel has for it.
	near.NetConn().SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := io.Copy(near.NetConn(), zeros{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	near.NetConn().SetWriteDeadline(time.Time{})
	if stream.Goodbye(near, false, func() { said = false }); !said {
		t.Error("it is said to who does not read")
	}
	near.NetConn().SetWriteDeadline(time.Now().Add(time.Minute)) // to be moved
	if stream.Goodbye(near, true, func() {
		if _, err := io.Copy(near.NetConn(), zeros{}); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it is written to who does not read: %v", err)
		}
	}); !said {
		t.Error("it is not said")
	}
	if err := stream.Close(near); err != nil {
		t.Error(err)
	}
	if _, err := near.NetConn().Write(nil); err == nil {
		t.Error("the connection is open after Close")
	}
	_ = far
}

// TestCloseTellsPeer: the peer learns that the end of a TLS connection is one, and that
// nobody has cut it.
func TestCloseTellsPeer(t *testing.T) {
	near, far := tlsPair(t)
	if err := stream.Close(near); err != nil {
		t.Error(err)
	}
	if alert, _ := io.ReadAll(far.NetConn()); len(alert) == 0 { // the tls package itself does not tell it from a cut
		t.Error("the peer got nothing, want the alert that ends TLS")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
