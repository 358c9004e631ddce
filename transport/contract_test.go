package transport_test

import (
	"crypto/rand"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// TestLoft: the transport of the example keeps the contract.
func TestLoft(t *testing.T) {
	gonngtest.TestTransport(t, new(Loft), func(testing.TB) string { return "pigeon://" + rand.Text() })
}
