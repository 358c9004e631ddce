//go:build !js

package ws

import (
	"errors"
	"strings"
	"testing"

	"github.com/gonng/gonng/transport"
)

// FuzzURLOfWS: what a listener would print is parsed to what was printed.
func FuzzURLOfWS(f *testing.F) {
	for _, seed := range []string{
		"127.0.0.1:0/x", "", "/x", "*:80", "[::1%lo]:0/x", "[::1%25lo]/x%25y", "[::1%2525]/", "h/a%2Fb?c=d#e", "user:pw@h/", "h:/", "//", "[/]%", "a[b]%25lo",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for scheme, tr := range map[string]*Transport{"ws": {}, "ws4": {}, "ws6": {}, "wss": {Secure: true}} {
			a, err := tr.parse(scheme, text)
			if err != nil {
				if !errors.Is(err, transport.ErrAddressInvalid) {
					t.Errorf("the error is %v", err)
				}
				continue
			}
			host := ""
			if a.Host != "" {
				host = a.hostPort()
			}
			printed := strings.TrimPrefix(a.at(host), scheme+"://")
			again, err := tr.parse(scheme, printed)
			if err != nil {
				t.Errorf("%q is printed as %q: %v", text, printed, err)
			} else if again.Path != a.Path || again.EscapedPath() != a.EscapedPath() || again.Hostname() != a.Hostname() || again.Port() != a.Port() {
				t.Errorf("%q is printed as %q, and that is %q %q, not %q %q", text, printed, again.Host, again.Path, a.Host, a.Path)
			}
			if a.Host == "" && tr.CheckDial(scheme, text) == nil {
				t.Errorf("%q without a host can be dialed", text)
			}
		}
	})
}
