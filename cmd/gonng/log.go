package main

import (
	"io"
	"log/slog"
)

// logger logs what is lost and refused, which nngcat keeps to itself; verbose
// adds connections, silent leaves nothing.
func logger(w io.Writer, verbose, silent bool) *slog.Logger {
	level := slog.LevelWarn
	switch {
	case silent:
		level = slog.LevelError + 1
	case verbose:
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}
