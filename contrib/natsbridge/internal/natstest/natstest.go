// Package natstest starts NATS servers in the process of a test.
package natstest

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/gonng/gonng/gonngtest"
)

// Start starts a server on this machine, which stops when the test ends. Port 0 of opts is
// any.
func Start(t testing.TB, opts server.Options) *server.Server {
	t.Helper()
	opts.Host, opts.NoLog, opts.NoSigs = "127.0.0.1", true, true
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(gonngtest.Timeout) {
		t.Fatal("the NATS server does not start")
	}
	return s
}
