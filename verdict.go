package gonng

import (
	"github.com/gonng/gonng/internal/sp"
)

var errSocketClosed = errorf(ErrClosed, "the socket is closed")

// refusals are the errors for the verdicts by which a protocol refuses a call.
var refusals = [sp.Verdicts]error{
	sp.NoRequest:     errorf(ErrBadState, "there is no request to receive a reply to: send one first"),
	sp.NoSurvey:      errorf(ErrBadState, "there is no survey to receive a response to: send one first"),
	sp.NoQuestion:    errorf(ErrBadState, "there is nothing to answer: receive first"),
	sp.Receiving:     errorf(ErrBadState, "another receive waits already: use a context (NewContext) for each goroutine"),
	sp.SurveyOver:    errSurveyOver,
	sp.PeerGone:      errorf(ErrConnectionReset, "the peer that had the request has gone, and resending is off"),
	sp.OtherSocket:   errorf(ErrInvalid, "the message's pipe belongs to another socket"),
	sp.BadHeader:     errorf(ErrProtocol, "the message has no hop count before its body: make it with NewRawMessage"),
	sp.CannotSend:    errorf(ErrNotSupported, "the protocol does not send"),
	sp.CannotReceive: errorf(ErrNotSupported, "the protocol does not receive"),
}

var errSurveyOver = errorf(ErrTimeout, "the survey time is over")

var errContextClosed = errorf(ErrClosed, "the context is closed")
