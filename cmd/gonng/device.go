package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/tool"
)

// device is one run of "gonng device" after its options were understood.
type device struct {
	deviceConfig
	front, back *gonng.Raw // back is nil if the front reflects
	out         io.Writer
	log         *slog.Logger
}

func runDevice(ctx context.Context, args []string, std streams) int {
	cfg, err := parseDevice(args, std.in)
	if err != nil {
		return std.refuse(ctx, "device", err, deviceUsage)
	}
	return std.outcome(ctx, "device", runDeviceConfig(ctx, cfg, std), exitError)
}

func runDeviceConfig(ctx context.Context, cfg deviceConfig, std streams) (err error) {
	stop, err := tool.ServeMonitor(ctx, cfg.monitor, std.err)
	if err != nil {
		return err
	}
	defer stop()
	d := &device{deviceConfig: cfg, out: std.out, log: tool.Logger(std.err, cfg.verbose, false)}
	defer d.close()
	if d.front, err = d.open("front", d.kind.front); err != nil {
		return err
	}
	if d.has(true) {
		if d.back, err = d.open("back", d.kind.front.Peer()); err != nil {
			return err
		}
	}
	for _, a := range d.addrs {
		if err := d.connect(ctx, a); err != nil {
			return err
		}
	}
	if d.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.duration)
		defer cancel()
	}
	if err := gonng.Device(ctx, d.front, d.back); ctx.Err() == nil {
		return err
	}
	return nil
}

func (d *device) open(name string, p gonng.Protocol) (*gonng.Raw, error) {
	opts := []gonng.RawOption{gonng.WithName(name), gonng.WithLogger(d.log)}
	if d.ttl > 0 {
		opts = append(opts, gonng.WithTTL(d.ttl))
	}
	if d.recvMaxSize >= 0 {
		opts = append(opts, gonng.WithRecvMaxSize(d.recvMaxSize))
	}
	return gonng.NewRaw(p, opts...)
}

// connect listens, and prints where, or dials, and does not wait for a peer
// that is still to come.
func (d *device) connect(ctx context.Context, a deviceAddr) error {
	s := d.front
	if a.back {
		s = d.back
	}
	tls, err := d.tlsOption(a.url, a.dial)
	if err != nil {
		return err
	}
	if a.dial {
		opts := []gonng.DialOption{gonng.WithDialMode(gonng.DialBackground)}
		if tls != nil {
			opts = append(opts, tls)
		}
		_, err := s.Dial(ctx, a.url, opts...)
		return err
	}
	var opts []gonng.ListenOption
	if tls != nil {
		opts = append(opts, tls)
	}
	l, err := s.Listen(ctx, a.url, opts...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(d.out, l.URL())
	return outputError(err)
}

// close closes both sockets at a time: after a signal there is time for one
// linger.
func (d *device) close() {
	var closing sync.WaitGroup
	for _, s := range []*gonng.Raw{d.front, d.back} {
		if s != nil {
			closing.Go(func() {
				_ = s.Close() // what is left it logs
				d.logDropped(s)
			})
		}
	}
	closing.Wait()
}

// logDropped says in one line what the socket has only counted.
func (d *device) logDropped(s *gonng.Raw) {
	st := s.Stats()
	args := []any{"socket", s.Name()}
	for _, counter := range []struct {
		reason string
		n      uint64
	}{
		{"ttl_exceeded", st.TTLExceeded},
		{"no_peer", st.NoPeer},
		{"dropped_full", st.DroppedFull},
		{"malformed", st.Malformed},
		{"too_large", st.TooLarge},
		{"truncated", st.Truncated},
		{"unexpected", st.Unexpected},
		{"unsent", st.Unsent},
	} {
		if counter.n > 0 {
			args = append(args, counter.reason, counter.n)
		}
	}
	if len(args) > 2 {
		d.log.Warn("gonng: messages were dropped", args...)
	}
}
