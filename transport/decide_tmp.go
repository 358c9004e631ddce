package transport

import (
	"context"
	"errors"
)

var ErrSilent = errors.New("silent")

type Decider interface {
	Incoming
	Hear(ctx context.Context) (Conn, error)
	Answer(ctx context.Context) error
	Refuse(why error)
}

type Skipper interface {
	SkipTooLarge(tell func(head []byte, size uint64))
}
