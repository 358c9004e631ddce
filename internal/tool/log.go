package tool

import (
	"io"
	"log/slog"
)

// Logger logs what is lost and refused, which nngcat keeps to itself; verbose
// adds connections, silent leaves nothing.
func Logger(w io.Writer, verbose, silent bool) *slog.Logger {
	if silent {
		return slog.New(slog.DiscardHandler)
	}
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}
