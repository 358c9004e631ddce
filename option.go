package gonng

import (
	"time"

	"github.com/gonng/gonng/transport"
)

// An option's type says where it fits, so that the compiler refuses it
// elsewhere. Most options are general: a SocketOption fits every constructor,
// and those that are also a DialOption or ListenOption can be set for one
// dialer or listener, where they override the socket's. A value that is out of
// range is ErrInvalid.
type (
	// SocketOption is an option for any socket. One that concerns a transport
	// holds for those of the socket's connections whose transport knows it.
	SocketOption interface {
		Pair1Option
		ReqOption
		SubOption
		SurveyorOption
		forSocket()
	}
	// Pair1Option is an option for Pair1.
	Pair1Option interface {
		option
		forPair1()
	}
	// ReqOption is an option for Req0 and its contexts.
	ReqOption interface {
		option
		forReq()
	}
	// SubOption is an option for Sub0 and its contexts.
	SubOption interface {
		option
		forSub()
	}
	// SurveyorOption is an option for Surveyor0 and its contexts.
	SurveyorOption interface {
		option
		forSurveyor()
	}
	// DialOption is an option for one dialer. One that the transport of its URL
	// does not know is ErrNotSupported.
	DialOption interface {
		option
		forDial()
	}
	// ListenOption is an option for one listener. One that the transport of its
	// URL does not know is ErrNotSupported.
	ListenOption interface {
		option
		forListen()
	}
)

type option interface{ apply(*Config) error }

type setting func(*Config) error

func (s setting) apply(c *Config) error { return s(c) }

type anySocket struct {
	anyPair1
	anyReq
	anySub
	anySurveyor
}

func (anySocket) forSocket() {}

type anyPair1 struct{}

func (anyPair1) forPair1() {}

type anyReq struct{}

func (anyReq) forReq() {}

type anySub struct{}

func (anySub) forSub() {}

type anySurveyor struct{}

func (anySurveyor) forSurveyor() {}

type anyDial struct{}

func (anyDial) forDial() {}

type anyListen struct{}

func (anyListen) forListen() {}

type (
	socketOption struct {
		setting
		anySocket
	}
	pair1Option struct {
		setting
		anyPair1
	}
	reqOption struct {
		setting
		anyReq
	}
	subOption struct {
		setting
		anySub
	}
	surveyorOption struct {
		setting
		anySurveyor
	}
	socketDialOption struct {
		setting
		anySocket
		anyDial
	}
	socketListenOption struct {
		setting
		anySocket
		anyListen
	}
	generalOption struct {
		setting
		anySocket
		anyDial
		anyListen
	}
)

func apply[O option](c *Config, opts []O) error {
	for _, o := range opts {
		if err := o.apply(c); err != nil {
			return err
		}
	}
	return nil
}

// withDuration checks what all durations must fulfil.
func withDuration(name string, d time.Duration, set func(*Config)) setting {
	return func(c *Config) error {
		if d < 0 {
			return errorf(ErrInvalid, "%s(%v): the duration is negative", name, d)
		}
		set(c)
		return nil
	}
}

func withCount(name string, n int, set func(*Config)) setting {
	return func(c *Config) error {
		if n < 0 {
			return errorf(ErrInvalid, "%s(%d): the number is negative", name, n)
		}
		set(c)
		return nil
	}
}

// concerning is a setting of something that only some transports know.
func concerning(option transport.Options, set func(*Config)) setting {
	return func(c *Config) error {
		set(c)
		c.explicit |= option
		return nil
	}
}
