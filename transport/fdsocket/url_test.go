package fdsocket

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/gonng/gonng/transport"
)

// FuzzURLOfSocket: an address is the number of a descriptor and nothing else.
func FuzzURLOfSocket(f *testing.F) {
	for _, seed := range []string{"3", "0", "03", "-1", "+1", "", "x", "3/", "2147483647", "2147483648", "1_0", "0x3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		fd, err := number(address)
		switch {
		case err != nil && !errors.Is(err, transport.ErrAddressInvalid):
			t.Errorf("the error is %v", err)
		case err == nil && strconv.Itoa(fd) != "0" && strconv.Itoa(fd) != strings.TrimLeft(address, "0"):
			t.Errorf("%q is %d", address, fd)
		}
	})
}
