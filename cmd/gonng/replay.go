package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/tool"
)

// replay is one run of "gonng replay" after its options were understood.
type replay struct {
	replayConfig
	cat  *cat // sends; nil: nothing is sent
	out  io.Writer
	err  io.Writer
	save *recorder // nil: nothing is saved
}

func runReplay(ctx context.Context, args []string, std streams) int {
	cfg, err := parseReplay(args, std.in)
	if err != nil {
		return std.refuse(ctx, "replay", err, replayUsage)
	}
	return std.outcome(ctx, "replay", runReplayConfig(ctx, cfg, std), exitError)
}

func runReplayConfig(ctx context.Context, cfg replayConfig, std streams) (err error) {
	f, err := os.Open(cfg.file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &replay{replayConfig: cfg, out: std.out, err: std.err}
	if cfg.output != "" {
		if same(f, cfg.output) {
			return errors.New("--output is the recording itself")
		}
		if r.save, err = openRecorder(cfg.output, std.err); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.save.close()) }()
	}
	if cfg.cat.protocol != nil {
		stop, err := tool.ServeMonitor(ctx, cfg.cat.monitor, std.err)
		if err != nil {
			return err
		}
		defer stop()
		r.cat = newCat(cfg.cat, std)
		if r.cat.socket, err = cfg.cat.protocol.open(); err != nil {
			return err
		}
		defer func() {
			err = r.cat.close(ctx, err)
			if flushed := r.cat.pending.Flush(); err == nil {
				err = outputError(flushed)
			}
		}()
		if err := r.connect(ctx); err != nil {
			return err
		}
	}
	for {
		if err := r.once(ctx, f); err != nil || !cfg.loop {
			return err
		}
	}
}

func same(f *os.File, path string) bool {
	a, errA := f.Stat()
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// connect connects as cat does, and waits for a peer: a Pub0 would drop what nobody takes.
func (r *replay) connect(ctx context.Context) error {
	if err := r.cat.configure(tool.Logger(r.err, r.cat.verbose, r.cat.silent)); err != nil {
		return err
	}
	for _, a := range r.cat.addrs {
		if err := r.cat.connect(ctx, a); err != nil {
			return err
		}
	}
	return r.cat.socket.WaitPeers(ctx, 1)
}

// once goes through the recording.
func (r *replay) once(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	in, err := newRecordReader(f, r.file, info.Size())
	if err != nil {
		return err
	}
	start := time.Now()
	var first, begin time.Time // of the recording, and of what is selected
	chosen := 0
	for {
		m, err := in.next()
		switch {
		case err == io.EOF:
			return r.checkLoop(chosen)
		case err != nil:
			if torn, ok := errors.AsType[*tornError](err); ok {
				fmt.Fprintf(r.err, "gonng replay: %v; it is left out\n", torn)
				return r.checkLoop(chosen)
			}
			return err
		}
		if first.IsZero() {
			first = m.time
		}
		if !r.wants(m, m.time.Sub(first)) {
			continue
		}
		if chosen++; chosen == 1 {
			begin = m.time
		}
		if r.cat != nil && r.speed > 0 {
			pace := time.Duration(float64(m.time.Sub(begin)) / r.speed)
			if err := sleep(ctx, time.Until(start.Add(pace))); err != nil {
				return err
			}
		}
		if err := r.play(ctx, m, m.time.Sub(first)); err != nil {
			return fmt.Errorf("message %d: %w", m.number, err)
		}
	}
}

// checkLoop refuses to go through a recording again in which there is nothing.
func (r *replay) checkLoop(chosen int) error {
	if r.loop && chosen == 0 {
		return errors.New("there is no message to send again and again")
	}
	return nil
}

// wants reports whether the options select m, which came so long after the first.
func (c *replayConfig) wants(m *recorded, since time.Duration) bool {
	return m.number >= c.from && (c.to == 0 || m.number <= c.to) &&
		since >= c.after && (c.before == 0 || since < c.before) &&
		(!c.onePipe || m.pipe == c.pipe) &&
		bytes.HasPrefix(m.body, []byte(c.prefix)) && bytes.Contains(m.body, []byte(c.contains))
}

// play does with a message what the options want.
func (r *replay) play(ctx context.Context, m *recorded, since time.Duration) error {
	if r.print {
		if err := r.printMessage(m, since); err != nil {
			return err
		}
	}
	if r.save != nil {
		if err := r.save.record(m); err != nil {
			return err
		}
	}
	if r.cat == nil {
		return nil
	}
	if err := r.cat.socket.(gonng.Sender).Send(ctx, m.body); err != nil {
		return err
	}
	if _, asks := r.cat.socket.(*gonng.Req0); asks {
		return r.cat.receiveOne(ctx)
	}
	return nil
}

// printMessage prints a line, or in the format that was asked for the body alone.
func (r *replay) printMessage(m *recorded, since time.Duration) error {
	if f := r.replayConfig.cat.format; f != nil {
		_, err := r.out.Write(f.append(nil, m.body))
		return outputError(err)
	}
	b := fmt.Appendf(nil, "%d %s +%.6fs pipe=%d", m.number, m.time.UTC().Format("2006-01-02T15:04:05.000000000Z"), since.Seconds(), m.pipe)
	if len(m.header) > 0 {
		b = fmt.Appendf(b, " header=%x", m.header)
	}
	_, err := r.out.Write(appendQuoted(append(b, ' '), m.body))
	return outputError(err)
}
