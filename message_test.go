package gonng_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/gonng/gonng"
)

// A body that the program fills itself arrives whole, and can be sent again from the pool.
func TestAllocMessage(t *testing.T) {
	pull, err := gonng.NewPull0(gonng.WithListen("inproc://" + t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	push, err := gonng.NewPush0(gonng.WithDial("inproc://" + t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	for _, n := range []int{0, 1, 64, 1 << 10, 16<<10 + 1, 1 << 20} {
		m := gonng.AllocMessage(n)
		if len(m.Bytes()) != n {
			t.Fatalf("AllocMessage(%d) has %d bytes", n, len(m.Bytes()))
		}
		for i := range m.Bytes() {
			m.Bytes()[i] = byte(i)
		}
		want := bytes.Clone(m.Bytes())
		if err := push.SendMsg(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		got, err := pull.Recv(context.Background())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes arrived as %d: %v", n, len(got), err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("AllocMessage(-1) does not panic")
		}
	}()
	gonng.AllocMessage(-1)
}
