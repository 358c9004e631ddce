package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gonng/gonng"
)

// Code says what kind of failure an [Error] is. The codes are those of gRPC and Connect,
// with the same numbers.
type Code uint32

// The codes. Each says what this package itself uses it for, if it does.
const (
	CodeCanceled           Code = 1  // the caller's ctx was canceled, or a method returned context.Canceled
	CodeUnknown            Code = 2  // a method returned an ordinary error
	CodeInvalidArgument    Code = 3  // the argument cannot be encoded or decoded, or the request is no good envelope
	CodeDeadlineExceeded   Code = 4  // the time of the call is over, or a method returned context.DeadlineExceeded
	CodeNotFound           Code = 5  // no such thing
	CodeAlreadyExists      Code = 6  // there is such a thing already
	CodePermissionDenied   Code = 7  // the caller, who is known, may not do this
	CodeResourceExhausted  Code = 8  // too much: the reply is above WithRecvMaxSize
	CodeFailedPrecondition Code = 9  // not in this state; trying again does not help
	CodeAborted            Code = 10 // a conflict with another call; begin again
	CodeOutOfRange         Code = 11 // beyond the end
	CodeUnimplemented      Code = 12 // no such method, or the peer does not speak rpc, or another version
	CodeInternal           Code = 13 // a method panicked, or a reply cannot be encoded or decoded
	CodeUnavailable        Code = 14 // the peer of a Once call has gone, the socket is closed, or Serve ended the method
	CodeDataLoss           Code = 15 // data is lost or damaged for good
	CodeUnauthenticated    Code = 16 // it is not known who the caller is

	codeOK   Code = 0
	lastCode      = CodeUnauthenticated
)

var codeNames = [...]string{
	"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
	"PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange",
	"Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated",
}

// String is the name of the constant without Code, such as NotFound; that of 0 is OK.
func (c Code) String() string {
	if c <= lastCode {
		return codeNames[c]
	}
	return fmt.Sprintf("Code(%d)", uint32(c))
}

// Error is the failure of a call. A method returns one, itself or wrapped, to tell its
// caller a code and details; [Call] returns no other errors. Where the failure was at the
// caller's end, it wraps the cause: errors.Is answers for context.DeadlineExceeded,
// gonng.ErrClosed and so on, and for gonng.ErrProtocol when the peer does not speak rpc.
type Error struct {
	// Code is the kind. One that is none travels as CodeUnknown.
	Code Code
	// Message is for people. It is cut after 4 KiB.
	Message string
	// Details is for programs: what the method and its caller have agreed on, in any
	// encoding.
	Details []byte

	cause error
}

// Errorf is an Error with that code and text. With %w it wraps an error, which does not
// travel.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Error implements error.
func (e *Error) Error() string { return "gonng: rpc: " + e.Code.String() + ": " + e.Message }

// Is reports that an error with CodeDeadlineExceeded is [context.DeadlineExceeded], on
// whichever end the time was over first.
func (e *Error) Is(target error) bool {
	return e.Code == CodeDeadlineExceeded && target == context.DeadlineExceeded
}

// Unwrap is the cause at this end, or nil.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf is the code with which a method that returns err answers: that of the Error in
// it, CodeDeadlineExceeded and CodeCanceled for those errors of package context,
// CodeUnknown for others; 0 for nil.
func CodeOf(err error) Code {
	if err == nil {
		return codeOK
	}
	return asError(err).Code
}

// asError is what travels of an error that is not nil.
func asError(err error) *Error {
	var e *Error
	code := CodeUnknown
	switch {
	case errors.As(err, &e):
		if e == nil {
			return &Error{Code: CodeUnknown, Message: "the error is a *rpc.Error that is nil"}
		}
		if e.Code == codeOK || e.Code > lastCode {
			return &Error{Code: CodeUnknown, Message: e.Message, Details: e.Details, cause: err}
		}
		return e
	case errors.Is(err, context.DeadlineExceeded):
		code = CodeDeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = CodeCanceled
	}
	return &Error{Code: code, Message: err.Error(), cause: err}
}

// localError is a failure at the caller's end, of the socket.
func localError(err error) *Error {
	code := CodeUnknown
	switch {
	case errors.Is(err, gonng.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		code = CodeDeadlineExceeded
	case errors.Is(err, gonng.ErrCanceled):
		code = CodeCanceled
	case errors.Is(err, gonng.ErrMessageTooLarge):
		code = CodeResourceExhausted
	case errors.Is(err, gonng.ErrClosed), errors.Is(err, gonng.ErrConnectionReset):
		code = CodeUnavailable
	}
	return &Error{Code: code, Message: strings.TrimPrefix(err.Error(), "gonng: "), cause: err}
}
