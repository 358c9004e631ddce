package gonng

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// Error is a kind of failure. It has the number that nng gives it. Every error of this package
// wraps one of the constants below. Test for it with [errors.Is]; where the standard library
// has an equivalent, errors.Is is true for that, too. nng: nng_err; pynng: the exceptions.
type Error uint32

// The kinds of failure, with nng's names in parentheses. This package never returns some of
// them; they are here because nng has the number.
const (
	ErrInterrupted       Error = 1    // the call was interrupted (NNG_EINTR)
	ErrNoMemory          Error = 2    // not enough memory (NNG_ENOMEM)
	ErrInvalid           Error = 3    // an argument or option value is invalid (NNG_EINVAL)
	ErrBusy              Error = 4    // the resource is taken: a pair socket has its peer (NNG_EBUSY)
	ErrTimeout           Error = 5    // a timeout or the deadline of a ctx has passed; is os.ErrDeadlineExceeded (NNG_ETIMEDOUT)
	ErrConnectionRefused Error = 6    // nobody listens at the address (NNG_ECONNREFUSED)
	ErrClosed            Error = 7    // the socket, context, pipe, dialer or listener is closed; is net.ErrClosed (NNG_ECLOSED)
	ErrTryAgain          Error = 8    // a Try method would have to wait (NNG_EAGAIN)
	ErrNotSupported      Error = 9    // the protocol, transport or platform cannot do this (NNG_ENOTSUP)
	ErrAddressInUse      Error = 10   // somebody listens at the address already (NNG_EADDRINUSE)
	ErrBadState          Error = 11   // the call does not fit the state: a reply without a request, for instance (NNG_ESTATE)
	ErrNoEntry           Error = 12   // there is no such file, topic or other thing; is fs.ErrNotExist (NNG_ENOENT)
	ErrProtocol          Error = 13   // the peer broke the rules or speaks another protocol (NNG_EPROTO)
	ErrUnreachable       Error = 14   // there is no way to the address, or its name is unknown (NNG_EUNREACHABLE)
	ErrAddressInvalid    Error = 15   // the address can never work (NNG_EADDRINVAL)
	ErrPermission        Error = 16   // permission denied; is fs.ErrPermission (NNG_EPERM)
	ErrMessageTooLarge   Error = 17   // larger than the limit or the buffer (NNG_EMSGSIZE)
	ErrConnectionAborted Error = 18   // this side has given the connection up (NNG_ECONNABORTED)
	ErrConnectionReset   Error = 19   // the peer has gone (NNG_ECONNRESET)
	ErrCanceled          Error = 20   // the context was canceled; is context.Canceled (NNG_ECANCELED)
	ErrNoFiles           Error = 21   // no more file descriptors (NNG_ENOFILES)
	ErrNoSpace           Error = 22   // the disk is full (NNG_ENOSPC)
	ErrExists            Error = 23   // the file or other thing exists already; is fs.ErrExist (NNG_EEXIST)
	ErrReadOnly          Error = 24   // the thing can only be read (NNG_EREADONLY)
	ErrWriteOnly         Error = 25   // the thing can only be written (NNG_EWRITEONLY)
	ErrCrypto            Error = 26   // TLS failed: not TLS, no common version, an expired certificate, a bad key (NNG_ECRYPTO)
	ErrPeerAuth          Error = 27   // one side could not prove to the other who it is (NNG_EPEERAUTH)
	ErrNoArgument        Error = 28   // an argument is missing (NNG_ENOARG)
	ErrAmbiguous         Error = 29   // more than one thing has this name (NNG_EAMBIGUOUS)
	ErrBadType           Error = 30   // a value has the wrong type (NNG_EBADTYPE)
	ErrInternal          Error = 1000 // a defect of this package (NNG_EINTERNAL)
)

var errorTexts = map[Error]string{
	ErrInterrupted:       "interrupted",
	ErrNoMemory:          "out of memory",
	ErrInvalid:           "invalid argument",
	ErrBusy:              "busy",
	ErrTimeout:           "timed out",
	ErrConnectionRefused: "connection refused",
	ErrClosed:            "closed",
	ErrTryAgain:          "would have to wait",
	ErrNotSupported:      "not supported",
	ErrAddressInUse:      "address in use",
	ErrBadState:          "incorrect state",
	ErrNoEntry:           "no such entry",
	ErrProtocol:          "protocol error",
	ErrUnreachable:       "destination unreachable",
	ErrAddressInvalid:    "address invalid",
	ErrPermission:        "permission denied",
	ErrMessageTooLarge:   "message too large",
	ErrConnectionAborted: "connection aborted",
	ErrConnectionReset:   "connection reset",
	ErrCanceled:          "canceled",
	ErrNoFiles:           "out of files",
	ErrNoSpace:           "out of space",
	ErrExists:            "already exists",
	ErrReadOnly:          "read only",
	ErrWriteOnly:         "write only",
	ErrCrypto:            "cryptographic error",
	ErrPeerAuth:          "peer could not be authenticated",
	ErrNoArgument:        "missing argument",
	ErrAmbiguous:         "ambiguous",
	ErrBadType:           "incorrect type",
	ErrInternal:          "internal error",
}

// Error returns the text of the kind. nng: nng_strerror.
func (e Error) Error() string {
	if text, ok := errorTexts[e]; ok {
		return "gonng: " + text
	}
	return fmt.Sprintf("gonng: error %d", uint32(e))
}

// Code returns nng's number of the error.
func (e Error) Code() int { return int(e) }

// Timeout reports whether e is ErrTimeout. net.Error has this method.
func (e Error) Timeout() bool { return e == ErrTimeout }

// Is makes errors.Is true for the equivalent of the standard library.
func (e Error) Is(target error) bool {
	switch e {
	case ErrTimeout:
		return target == os.ErrDeadlineExceeded
	case ErrClosed:
		return target == net.ErrClosed
	case ErrCanceled:
		return target == context.Canceled
	case ErrPermission:
		return target == fs.ErrPermission
	case ErrNoEntry:
		return target == fs.ErrNotExist
	case ErrExists:
		return target == fs.ErrExist
	}
	return false
}

// OpError is the error that the methods of sockets, contexts, pipes, dialers and listeners
// return: which operation of which protocol failed, where, and why. pynng: NNGException.
type OpError struct {
	// Op is the operation: "send", "recv", "dial", "listen", …
	Op string
	// Protocol is the socket's protocol.
	Protocol Protocol
	// URL is the URL of the operation, with xxxxx for a password; "" if it has none.
	URL string
	// Err is the reason; it wraps an [Error].
	Err error
}

// Error returns the operation, the protocol, the URL and the reason.
func (e *OpError) Error() string {
	text := "gonng: " + e.Op + " " + e.Protocol.String()
	if e.URL != "" {
		text += " " + e.URL
	}
	return text + ": " + reason(e.Err)
}

// Unwrap returns Err.
func (e *OpError) Unwrap() error { return e.Err }

// Timeout reports whether the reason is ErrTimeout. net.Error has this method.
func (e *OpError) Timeout() bool { return errors.Is(e.Err, ErrTimeout) }

// cause is an error with its kind.
type cause struct {
	kind Error
	err  error
}

func (c *cause) Error() string   { return reason(c.err) }
func (c *cause) Unwrap() []error { return []error{c.kind, c.err} }

// errorf returns an error of a kind, with a text.
func errorf(kind Error, format string, args ...any) error {
	return &cause{kind, fmt.Errorf(format, args...)}
}

// reason returns the text of err without the prefix "gonng: ", to follow text that has the
// prefix.
func reason(err error) string {
	if kind, ok := err.(Error); ok {
		if text, ok := errorTexts[kind]; ok {
			return text
		}
	}
	return err.Error()
}
