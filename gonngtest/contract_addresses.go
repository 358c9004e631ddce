package gonngtest

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/gonng/gonng/transport"
)

// checkAddresses: everything has its addresses, the listener's URL can be
// dialed, and each side knows the other's protocol.
func checkAddresses(t testing.TB, c *contract) {
	s := c.serve(t, c.config(listening))
	scheme, address := splitURL(t, s.URL())
	if err := c.Check(scheme, address); err != nil {
		t.Errorf("Check refuses the listener's own URL %s: %v", s.URL(), err)
	}
	if d, ok := c.Transport.(transport.DialChecker); ok {
		if err := d.CheckDial(scheme, address); err != nil {
			t.Errorf("CheckDial refuses the listener's own URL %s: %v", s.URL(), err)
		}
	}
	dialed, err := c.dialURL(Context(t, Timeout), t, s.URL(), c.config(dialing))
	if err != nil {
		t.Fatalf("Dial %s: %v", s.URL(), err)
	}
	accepted := s.next(t)
	for what, addr := range map[string]net.Addr{
		"the listener's Addr":               s.Addr(),
		"the dialed connection's LocalAddr": dialed.LocalAddr(), "its RemoteAddr": dialed.RemoteAddr(),
		"the accepted connection's LocalAddr": accepted.LocalAddr(), "and RemoteAddr": accepted.RemoteAddr(),
	} {
		if addr == nil || addr.Network() == "" {
			t.Errorf("%s is %v, without a network", what, addr)
		}
	}
	if got, want := dialed.RemoteAddr().String(), s.Addr().String(); got != want {
		t.Errorf("the dialed connection is to %s, want the listener's %s", got, want)
	}
	if got := dialed.Protocol(); got != listening {
		t.Errorf("the dialed connection's peer has protocol %d, want %d", got, listening)
	}
	if got := accepted.Protocol(); got != dialing {
		t.Errorf("the accepted connection's peer has protocol %d, want %d", got, dialing)
	}
}

// checkInvalidAddresses: what Check refuses Dial and Listen refuse, too, and
// all say what kind of error it is.
func checkInvalidAddresses(t testing.TB, c *contract) {
	scheme, _ := splitURL(t, c.urlFor(t))
	for _, address := range []string{"", " ", ":", "%", "/", "\x00", "a\x00b", strings.Repeat("x", 1<<17)} {
		err := c.Check(scheme, address)
		if err == nil {
			continue
		}
		_, dial := c.Dial(Context(t, Timeout), scheme, address, c.config(dialing))
		_, listen := c.Listen(Context(t, Timeout), scheme, address, c.config(listening))
		for what, err := range map[string]error{"Check": err, "Dial": dial, "Listen": listen} {
			if !errors.Is(err, transport.ErrAddressInvalid) {
				t.Errorf("%s of address %.20q: error %v, want ErrAddressInvalid", what, address, err)
			}
		}
	}
}

// checkAddressInUse: the second to listen fails and does not disturb the first.
func checkAddressInUse(t testing.TB, c *contract) {
	s := c.serve(t, c.config(listening))
	scheme, address := splitURL(t, s.URL())
	l, err := c.Listen(Context(t, Timeout), scheme, address, c.config(listening))
	if err == nil {
		l.Close()
		t.Errorf("two listen at %s", s.URL())
	}
	if _, err := c.dialURL(Context(t, Timeout), t, s.URL(), c.config(dialing)); err != nil {
		t.Fatalf("Dial %s: %v", s.URL(), err)
	}
	s.next(t)
}
