package transport_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// TestLoft: the transport of the example keeps the contract.
func TestLoft(t *testing.T) {
	gonngtest.TestTransport(t, new(Loft), func(testing.TB) string { return "pigeon://" + rand.Text() })
}

// TestRegisterRefuses: mistakes of the program panic where they are made.
func TestRegisterRefuses(t *testing.T) {
	taken := strings.ToLower(rand.Text())
	transport.Register(taken, new(Loft))
	for scheme, tr := range map[string]transport.Transport{"": new(Loft), "A": new(Loft), "a b": new(Loft), "tcp": new(Loft), "dns+x": new(Loft), taken: new(Loft), "nothing": nil} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "transport: Register: ") {
					t.Errorf("%q: the panic is %q", scheme, text)
				}
			}()
			transport.Register(scheme, tr)
		}()
	}
}
