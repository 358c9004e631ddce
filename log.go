package gonng

import (
	"context"
	"log/slog"
)

// later logs once mu, which is held, is unlocked.
func (s *socket) later(level slog.Level, msg string, args ...any) {
	if s.cfg.Logger != nil {
		s.afterwards(func() { s.log(level, msg, args...) })
	}
}

// log writes to the socket's logger, if it has one. No lock is held.
func (s *socket) log(level slog.Level, msg string, args ...any) {
	if l := s.Config().Logger; l != nil {
		s.logTo(l, level, msg, args...)
	}
}

func (s *socket) logTo(l *slog.Logger, level slog.Level, msg string, args ...any) {
	args = append([]any{"socket", s.Name(), "protocol", s.protocol.String()}, args...)
	l.Log(context.Background(), level, "gonng: "+msg, args...)
}
