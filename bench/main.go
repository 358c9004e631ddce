// Command bench measures gonng side by side with other ways to move messages
// between programs. README.md says what it measures and how.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	run := benchMain
	if len(os.Args) > 1 && os.Args[1] == peerCommand {
		run = func(args []string) error { return peerMain(args[1:]) }
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func benchMain(args []string) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	b := o.bench
	var missing error
	if b.plan, missing = b.plan.withoutMissing(); missing != nil {
		if o.named {
			return missing
		}
		fmt.Fprintln(os.Stderr, "left out:", missing)
	}
	if b.certs, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.certs)
	if err := writeCertificate(b.certs); err != nil {
		return err
	}
	var text bytes.Buffer
	out := io.MultiWriter(os.Stdout, &text)
	writeMachine(out, time.Now(), b)
	b.progress = newProgress(os.Stderr, b.plan, b.rounds)
	res, err := b.run(ctx)
	b.progress.end()
	if err != nil {
		return err
	}
	writeMarkdown(out, b.plan, res)
	if o.dir != "" {
		if err := writeFiles(o.dir, text.Bytes(), b.plan, res); err != nil {
			return err
		}
	}
	if len(res.order) > 0 {
		return errors.New("some cells failed")
	}
	return nil
}

// writeFiles writes the figures in every form.
func writeFiles(dir string, text []byte, p plan, rs *results) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, p.name()+".md"), text, 0o666); err != nil {
		return err
	}
	var table bytes.Buffer
	if err := writeCSV(&table, p, rs); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, p.name()+".csv"), table.Bytes(), 0o666); err != nil {
		return err
	}
	for _, t := range rs.tables(p) {
		if err := os.WriteFile(filepath.Join(dir, t.fileName()+".svg"), t.plot(), 0o666); err != nil {
			return err
		}
	}
	return nil
}
