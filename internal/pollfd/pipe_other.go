//go:build !unix

package pollfd

import "errors"

// pipe is for systems whose descriptors cannot be polled.
type pipe struct{}

func newPipe() (pipe, error) { return pipe{}, errors.ErrUnsupported }
func (pipe) fd() int         { return -1 }
func (pipe) set(bool)        {}
func (pipe) close()          {}
