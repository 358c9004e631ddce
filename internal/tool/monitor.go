// Package tool has what the commands share: the monitor that they serve, and their logger.
package tool

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gonng/gonng/monitor"
)

// MonitorAddress reads the value of --monitor. Without a host it is this machine alone: the
// page asks for no password.
func MonitorAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%q is no address: want host:port", s)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// ServeMonitor serves the page of package monitor at the address, unless that is "", and
// says where, until stop is called.
func ServeMonitor(ctx context.Context, address string, say io.Writer) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--monitor: %w", err)
	}
	fmt.Fprintf(say, "gonng: the monitor is at http://%s/\n", l.Addr())
	server := &http.Server{Handler: monitor.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // until stop
	}()
	return func() {
		server.Close()
		<-ended
	}, nil
}
