package gonng

import (
	"slices"
	"strings"
	"time"

	"github.com/gonng/gonng/transport"
)

// The type of an option says where it fits, and the compiler refuses it elsewhere. Most
// options are general: every constructor takes a SocketOption. One that is also a DialOption
// or ListenOption can be given to one dialer or listener, and overrides the socket's value
// there.
//
// A value that is out of range is ErrInvalid, and so is an option that is nil. An option that
// the protocol, or the transport of a URL, does not know is ErrNotSupported. Both errors name
// the option.
type (
	// RawOption is an option for [Raw]. Every option of a socket is one. A raw socket
	// refuses those that concern the state of a protocol, which it does not have, with
	// ErrNotSupported.
	RawOption interface {
		option
		forRaw()
	}
	// SocketOption is an option for any socket. One that concerns a transport holds for
	// the dialers and listeners of the socket whose transport knows it.
	SocketOption interface {
		Pair1Option
		ReqOption
		SubOption
		SurveyorOption
		forSocket()
	}
	// Pair1Option is an option for Pair1.
	Pair1Option interface {
		RawOption
		forPair1()
	}
	// ReqOption is an option for Req0 and its contexts.
	ReqOption interface {
		RawOption
		forReq()
	}
	// SubOption is an option for Sub0 and its contexts.
	SubOption interface {
		RawOption
		forSub()
	}
	// SurveyorOption is an option for Surveyor0 and its contexts.
	SurveyorOption interface {
		RawOption
		forSurveyor()
	}
	// DialOption is an option for one dialer.
	DialOption interface {
		option
		forDial()
	}
	// ListenOption is an option for one listener.
	ListenOption interface {
		option
		forListen()
	}
	// EndpointOption is an option for a dialer, a listener or, for all of its
	// dialers and listeners, a socket.
	EndpointOption interface {
		SocketOption
		DialOption
		ListenOption
	}
	// SocketDialOption is an option for a dialer or, for all of its dialers, a
	// socket.
	SocketDialOption interface {
		SocketOption
		DialOption
	}
	// SocketListenOption is an option for a listener or, for all of its
	// listeners, a socket.
	SocketListenOption interface {
		SocketOption
		ListenOption
	}
)

type option interface{ value() *setting }

// setting is the value of an option: what it does, and where it may be given. The zero value
// may be given to every socket, and not to a context, dialer or listener.
type setting struct {
	name string // of the With function
	err  error  // why the value is refused everywhere, or nil

	change func(*Config)       // nil: the option is not part of Config
	topics []string            // to subscribe to
	hook   func(*socket)       // called after the change, to add a hook; or nil
	start  func(*socket) error // called last, to dial or listen; or nil

	protocols    []Protocol        // the protocols that know it; nil: all
	whyNot       string            // why the other protocols do not know it, for the error
	cookedOnly   bool              // raw sockets do not know it
	contexts     []Protocol        // the protocols whose contexts may have a value of their own
	ends         ends              // whether dialers and listeners may have a value of their own
	creationOnly bool              // it is used only when a dialer or listener is made
	transport    transport.Options // what a transport must know to carry it out; 0: nothing
	byTransport  bool              // the transport carries it out, not the socket
}

func (t *setting) value() *setting { return t }

// ends is a set: dialers, listeners, or both.
type ends uint8

const (
	dialing ends = 1 << iota
	listening
)

// suits returns an error when the option means nothing to the socket.
func (t *setting) suits(s *socket) error {
	switch {
	case t.protocols != nil && !slices.Contains(t.protocols, s.Protocol()):
		return errorf(ErrNotSupported, "%s means nothing to %v, %s", t.name, s.Protocol(), t.whyNot)
	case t.cookedOnly && s.Raw():
		return errorf(ErrNotSupported, "%s means nothing to a raw %v: only the cooked socket has that state", t.name, s.Protocol())
	}
	return nil
}

// suitsContext returns an error when a context of the socket cannot have the option.
func (t *setting) suitsContext(s *socket) error {
	if !t.isOfContext(s.Protocol()) {
		return errorf(ErrNotSupported, "%s belongs to the %s, not to a context of %v", t.name, t.owners(), s.Protocol())
	}
	return nil
}

// suitsTransport returns an error when the transport of the URL would ignore the option.
func (t *setting) suitsTransport(to endpointURL) error {
	switch {
	case to.knows(t.transport):
		return nil
	case to.isBound && t.creationOnly:
		return errorf(ErrNotSupported, "%s comes too late: the listener is bound", t.name)
	}
	return errorf(ErrNotSupported, "%s means nothing to %v", t.name, to)
}

// tooLate returns an error when the option is used only when a dialer or listener is made,
// which the method of that name does.
func (t *setting) tooLate(method string) error {
	if !t.creationOnly {
		return nil
	}
	return errorf(ErrNotSupported, "%s comes too late: give it to %s, or to the socket before that", t.name, method)
}

// unchangeable returns an error when it is the transport at to, which cannot change it, that
// carries the option out.
func (t *setting) unchangeable(to endpointURL) error {
	if !t.byTransport {
		return nil
	}
	return errorf(ErrNotSupported, "%s: the transport of %v cannot change it on a listener that is bound", t.name, to)
}

// at is t for an option that dialers or listeners may have a value of, too.
func (t setting) at(e ends) *setting {
	t.ends = e
	return &t
}

func (t *setting) apply(c *Config) {
	if t.change != nil {
		t.change(c)
	}
}

// isOfContext reports whether the contexts of p have a value of their own.
func (t *setting) isOfContext(p Protocol) bool { return slices.Contains(t.contexts, p) }

// owners returns where the option may be given, for an error.
func (t *setting) owners() string {
	owners := []string{"socket"}
	if t.ends&dialing != 0 {
		owners = append(owners, "dialer")
	}
	if t.ends&listening != 0 {
		owners = append(owners, "listener")
	}
	return strings.Join(owners, " or ")
}

// settings are the values of options.
type settings []*setting

// settingsOf returns the settings of opts. It returns an error when a value is out of range,
// or the socket does not know an option.
func settingsOf[O option](s *socket, opts []O) (settings, error) {
	list := make(settings, 0, len(opts))
	for i, o := range opts {
		if any(o) == nil {
			return nil, errorf(ErrInvalid, "option %d of %d is nil", i+1, len(opts))
		}
		t := o.value()
		if t.err != nil {
			return nil, t.err
		}
		if err := t.suits(s); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// apply makes the changes of the list to c.
func (list settings) apply(c *Config) {
	for _, t := range list {
		t.apply(c)
	}
}

// topics returns all topics to subscribe to.
func (list settings) topics() (topics []string) {
	for _, t := range list {
		topics = append(topics, t.topics...)
	}
	return topics
}

// with returns the list with the settings of more that change Config. Each replaces the one
// of the same name.
func (list settings) with(more settings) settings {
	list = slices.DeleteFunc(slices.Clone(list), func(t *setting) bool { return more.has(t.name) })
	for _, t := range more {
		if t.change != nil {
			list = append(list, t)
		}
	}
	return list
}

func (list settings) has(name string) bool {
	return slices.ContainsFunc(list, func(t *setting) bool { return t.name == name })
}

// forEnd returns those of the socket's settings that reach a dialer or listener that exists.
// Left out are those that it was given itself (own), and those that are used only when it is
// made.
func (list settings) forEnd(end ends, own settings) settings {
	return slices.DeleteFunc(slices.Clone(list), func(t *setting) bool {
		return t.ends&end == 0 || t.creationOnly || own.has(t.name)
	})
}

// outside returns cfg, which is that of a dialer or listener, with the socket's values of the
// options that a dialer or listener does not have.
func (list settings) outside(end ends, cfg Config) Config {
	for _, t := range list {
		if t.ends&end == 0 {
			t.apply(&cfg)
		}
	}
	return cfg.copy()
}

// outsideContext is outside for a context of protocol p.
func (list settings) outsideContext(p Protocol, cfg Config) Config {
	for _, t := range list {
		if !t.isOfContext(p) {
			t.apply(&cfg)
		}
	}
	return cfg.copy()
}

type anySocket struct {
	anyPair1
	anyReq
	anySub
	anySurveyor
}

func (anySocket) forSocket() {}
func (anySocket) forRaw()    {} // not ambiguous, though each embedded type has one

type anyPair1 struct{}

func (anyPair1) forPair1() {}
func (anyPair1) forRaw()   {}

type anyReq struct{}

func (anyReq) forReq() {}
func (anyReq) forRaw() {}

type anySub struct{}

func (anySub) forSub() {}
func (anySub) forRaw() {}

type anySurveyor struct{}

func (anySurveyor) forSurveyor() {}
func (anySurveyor) forRaw()      {}

type anyDial struct{}

func (anyDial) forDial() {}

type anyListen struct{}

func (anyListen) forListen() {}

type (
	socketOption struct {
		*setting
		anySocket
	}
	pair1Option struct {
		*setting
		anyPair1
	}
	reqOption struct {
		*setting
		anyReq
	}
	subOption struct {
		*setting
		anySub
	}
	surveyorOption struct {
		*setting
		anySurveyor
	}
	listenOption struct {
		*setting
		anyListen
	}
	endpointOption struct {
		*setting
		anySocket
		anyDial
		anyListen
	}
	socketDialOption struct {
		*setting
		anySocket
		anyDial
	}
	socketListenOption struct {
		*setting
		anySocket
		anyListen
	}
)

// forSocket, forEndpoint, forSocketDial and forSocketListen make an option of a setting.
func forSocket(t setting) SocketOption { return socketOption{setting: &t} }

func forEndpoint(t setting) EndpointOption {
	return endpointOption{setting: t.at(dialing | listening)}
}

func forSocketDial(t setting) SocketDialOption {
	return socketDialOption{setting: t.at(dialing)}
}

func forSocketListen(t setting) SocketListenOption {
	return socketListenOption{setting: t.at(listening)}
}

// notNegative returns ErrInvalid for a negative number or duration.
func notNegative[N int | time.Duration](name string, n N) error {
	if n < 0 {
		return errorf(ErrInvalid, "%s(%v): want 0 or more", name, n)
	}
	return nil
}
