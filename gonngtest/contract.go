package gonngtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/transport"
)

// TestTransport checks that a transport keeps the contract of package
// [transport], each part as a subtest: addresses, batches and partial writes,
// order, messages of up to 3 MiB, the limit of what is received, Close from
// another goroutine, contexts that end, peers that are silent, and that nothing
// is left. Optional interfaces are checked where the transport has them. A transport that passes can be registered, see [transport.Register].
//
//	func TestContract(t *testing.T) {
//		gonngtest.TestTransport(t, pigeon.Transport{}, func(testing.TB) string { return "pigeon://loft" })
//	}
//
// urlFor makes a URL to listen at where nobody listens; it may be the same each
// time if the listener's URL tells where it really is. configure, if given,
// changes the Config of both sides, to give them a certificate, for instance.
func TestTransport(t *testing.T, tr transport.Transport, urlFor func(t testing.TB) string, configure ...func(*transport.Config)) {
	c := &contract{tr, urlFor, configure}
	for _, clause := range clauses {
		t.Run(clause.name, func(t *testing.T) {
			NoLeaks(t)
			clause.check(t, c)
		})
	}
}

// contract is a transport whose contract is checked.
type contract struct {
	transport.Transport
	urlFor    func(testing.TB) string
	configure []func(*transport.Config)
}

// clauses are the parts of the contract.
var clauses = []struct {
	name  string
	check func(testing.TB, *contract)
}{
	{"Addresses", checkAddresses},
	{"InvalidAddresses", checkInvalidAddresses},
	{"AddressInUse", checkAddressInUse},
	{"Sizes", checkSizes},
	{"Order", checkOrder},
	{"Batch", checkBatch},
	{"PartialWrite", checkPartialWrite},
	{"PartWrite", checkPartWrite},
	{"Borrow", checkBorrow},
	{"RecvMaxSize", checkRecvMaxSize},
	{"Direct", checkDirect},
	{"TryRead", checkTryRead},
	{"Interrupt", checkInterrupt},
	{"WrittenBeforeClose", checkWrittenBeforeClose},
	{"CloseEndsRead", checkCloseEndsRead},
	{"CloseEndsWrite", checkCloseEndsWrite},
	{"CloseEndsAccept", checkCloseEndsAccept},
	{"DialEnds", checkDialEnds},
	{"HandshakeEnds", checkHandshakeEnds},
	{"SilentPeer", checkSilentPeer},
	{"Decide", checkDecide},
	{"Skip", checkSkip},
	{"SetConfig", checkSetConfig},
}

// The protocols of the two sides. They are a pair that talks to each other: a
// transport may have to name the peer's.
const dialing, listening = uint16(gonng.ProtocolPush0), uint16(gonng.ProtocolPull0)

// config is what a socket of the protocol asks for.
func (c *contract) config(protocol uint16) *transport.Config {
	own := gonng.Protocol(protocol)
	cfg := &transport.Config{
		Protocol: protocol, Peer: uint16(own.Peer()), ProtocolName: own.String(), PeerName: own.Peer().String(),
		RecvMaxSize: 4 << 20, HandshakeTimeout: Timeout, TCPNoDelay: true,
	}
	for _, configure := range c.configure {
		configure(cfg)
	}
	return cfg
}

// listen listens at a new address until the test ends.
func (c *contract) listen(t testing.TB, cfg *transport.Config) transport.Listener {
	t.Helper()
	scheme, address := splitURL(t, c.urlFor(t))
	if err := c.Check(scheme, address); err != nil {
		t.Fatalf("Check refuses the test's own address: %v", err)
	}
	l, err := c.Listen(Context(t, Timeout), scheme, address, cfg)
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// dialURL dials; the connection is closed when the test ends.
func (c *contract) dialURL(ctx context.Context, t testing.TB, url string, cfg *transport.Config) (transport.Conn, error) {
	t.Helper()
	scheme, address := splitURL(t, url)
	conn, err := c.Dial(ctx, scheme, address, cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	return conn, nil
}

func splitURL(t testing.TB, url string) (scheme, address string) {
	t.Helper()
	scheme, address, ok := strings.Cut(url, "://")
	if !ok {
		t.Fatalf("%q is no URL", url)
	}
	return scheme, address
}

// await waits for what must happen, and ends the test if it does not in time.
func await[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	late := time.NewTimer(Timeout)
	defer late.Stop()
	select {
	case v = <-c:
	case <-late.C:
		t.Fatalf("not within %v: %s", Timeout, what)
	}
	return v
}

// beside runs do on a goroutine of its own.
func beside[T any](do func() T) <-chan T {
	done := make(chan T, 1)
	go func() { done <- do() }()
	return done
}
