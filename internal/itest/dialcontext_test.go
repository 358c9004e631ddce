package itest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestDialContext: connections are made as the program says.
func TestDialContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l := listen(t, a, tr)
		var calls atomic.Int32
		through := gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
			calls.Add(1)
			if network != l.Addr().Network() || address != l.Addr().String() {
				t.Errorf("asked to dial %s %s, want %v", network, address, l.Addr())
			}
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			return struct{ net.Conn }{c}, err // not a connection of package net
		})
		dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialWait), through)
		roundTrip(t, b, a)
		if calls.Load() != 1 {
			t.Errorf("%d calls, want 1", calls.Load())
		}
		boom := errors.New("boom")
		failing := gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, boom })
		_, err := b.Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait), failing)
		wantError(t, err, "dial", boom, gonng.ErrUnreachable)
	})
}

// slow is a failure by time, as package net has it.
type slow struct{}

func (slow) Error() string   { return "too slow" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// What the program's DialContext fails with is found in the error, whose kind is
// that of the reason.
func TestDialContextFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, row := range []struct {
		name string
		err  error
		kind error
	}{
		{"unknown", errors.New("the proxy does not like you"), gonng.ErrUnreachable},
		{"refused", &net.OpError{Op: "proxy", Err: syscall.ECONNREFUSED}, gonng.ErrConnectionRefused},
		{"slow", slow{}, gonng.ErrTimeout},
		{"out of time", fmt.Errorf("proxy: %w", context.DeadlineExceeded), gonng.ErrTimeout},
		{"no such name", &net.DNSError{Err: "no such host"}, gonng.ErrUnreachable},
		{"of gonng", fmt.Errorf("proxy: %w", gonng.ErrPermission), gonng.ErrPermission},
		{"nothing at all", nil, gonng.ErrUnreachable},
	} {
		for _, tr := range streams() {
			t.Run(row.name+"/"+tr.Name, func(t *testing.T) {
				s := open(t, gonng.NewPair0)
				_, err := s.Dial(testContext(t), vacant(t, tr), gonng.WithDialMode(gonng.DialWait),
					gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, row.err }))
				wantError(t, err, "dial", row.kind)
				if row.err != nil {
					wantError(t, err, "dial", row.err)
				}
				if errors.Is(err, gonng.ErrInternal) {
					t.Errorf("%v is no defect of the package", err)
				}
			})
		}
	}
}
