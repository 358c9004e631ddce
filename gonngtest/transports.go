package gonngtest

import (
	"crypto/rand"
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gonng/gonng"
)

// Transport is a transport to run a test over.
type Transport struct {
	// Name is that of the subtest.
	Name string
	// Address makes an address to listen at that nobody else has. It may put a
	// file into dir, an empty directory with a short path.
	Address func(dir string) string
	// Listen and Dial are the options that the transport cannot do without,
	// such as a certificate.
	Listen []gonng.ListenOption
	Dial   []gonng.DialOption

	dir string // removed by the test; "": none yet
}

// Transports is the table of transports that [EachTransport] runs a test over.
// A transport of one's own needs no row here, see [Transport.Run].
var Transports = append([]Transport{
	{Name: "tcp", Address: func(string) string { return "tcp://127.0.0.1:0" }},
	{Name: "ipc", Address: ipcAddress},
	{Name: "inproc", Address: func(string) string { return "inproc://" + rand.Text() }},
	secured(Transport{Name: "tls+tcp", Address: func(string) string { return "tls+tcp://127.0.0.1:0" }}),
	{Name: "ws", Address: func(string) string { return "ws://127.0.0.1:0/" + rand.Text() }},
	secured(Transport{Name: "wss", Address: func(string) string { return "wss://127.0.0.1:0/" + rand.Text() }}),
}, linuxTransports()...)

// secured gives a transport that uses TLS a certificate of its own.
func secured(tr Transport) Transport {
	ca, err := newCA()
	if err != nil {
		panic("gonngtest: " + err.Error())
	}
	cert, err := ca.issue()
	if err != nil {
		panic("gonngtest: " + err.Error())
	}
	tr.Listen = []gonng.ListenOption{gonng.WithTLS(&tls.Config{Certificates: []tls.Certificate{cert.TLS()}})}
	tr.Dial = []gonng.DialOption{gonng.WithTLS(&tls.Config{RootCAs: ca.Pool})}
	return tr
}

func linuxTransports() []Transport {
	if runtime.GOOS != "linux" {
		return nil
	}
	return []Transport{
		{Name: "abstract", Address: func(string) string { return "abstract://" + rand.Text() }},
	}
}

func ipcAddress(dir string) string {
	if runtime.GOOS == "windows" { // a named pipe, in no directory
		return "ipc://" + rand.Text()
	}
	return "ipc://" + filepath.Join(dir, "x.sock")
}

// EachTransport runs body as a subtest for each of [Transports].
func EachTransport(t *testing.T, body func(t *testing.T, tr Transport)) {
	for _, tr := range Transports {
		tr.Run(t, body)
	}
}

// Run runs body over the transport as a subtest that fails if it leaves
// something behind, see [NoLeaks].
func (tr Transport) Run(t *testing.T, body func(t *testing.T, tr Transport)) {
	t.Run(tr.Name, func(t *testing.T) {
		tr.dir = shortDir(t)
		noLeaks(t, grace, tr.dir)
		body(t, tr)
	})
}

// URL is an address to listen at, another one at each call. Where it ends in
// port 0 the URL of the listener tells the real port.
func (tr Transport) URL(t testing.TB) string {
	t.Helper()
	if tr.dir == "" {
		return tr.Address(shortDir(t))
	}
	dir, err := os.MkdirTemp(tr.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	return tr.Address(dir)
}

// Connect makes listener listen at a new address of the transport, makes
// dialer dial it, and waits until each has one peer more than before. It
// returns the listener's URL. A dial that fails ends the test.
func Connect(t testing.TB, listener, dialer gonng.Socket, tr Transport) string {
	t.Helper()
	ctx := Context(t, Timeout)
	listening, dialing := len(listener.Pipes())+1, len(dialer.Pipes())+1
	l, err := listener.Listen(ctx, tr.URL(t), tr.Listen...)
	if err != nil {
		t.Fatal(err)
	}
	opts := append([]gonng.DialOption{gonng.WithDialMode(gonng.DialWait)}, tr.Dial...)
	if _, err := dialer.Dial(ctx, l.URL(), opts...); err != nil {
		t.Fatal(err)
	}
	if err := listener.WaitPeers(ctx, listening); err != nil {
		t.Fatal(err)
	}
	if err := dialer.WaitPeers(ctx, dialing); err != nil {
		t.Fatal(err)
	}
	return l.URL()
}
