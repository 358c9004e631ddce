package main

import (
	"errors"
	"fmt"

	"github.com/gonng/gonng"
)

// role is what cat does with a protocol.
type role int

const (
	receives role = iota // prints what comes
	sends                // sends the data
	talks                // sends the data if there is any, and prints what comes
	asks                 // sends the data and prints the answers to it
	replies              // prints what comes, and answers with the data if there is any
)

// catProtocol is a row of the table of protocols.
type catProtocol struct {
	name string
	role role
	// patient protocols wait for a peer to take what they send.
	patient bool
	open    func() (gonng.Socket, error)
}

func catProtocols() []catProtocol {
	return []catProtocol{
		{"req0", asks, false, opener(gonng.NewReq0)},
		{"rep0", replies, false, opener(gonng.NewRep0)},
		{"pub0", sends, false, opener(gonng.NewPub0)},
		{"sub0", receives, false, opener(gonng.NewSub0)},
		{"push0", sends, true, opener(gonng.NewPush0)},
		{"pull0", receives, false, opener(gonng.NewPull0)},
		{"surveyor0", asks, false, opener(gonng.NewSurveyor0)},
		{"respondent0", replies, false, opener(gonng.NewRespondent0)},
		{"pair0", talks, false, opener(gonng.NewPair0)},
		{"pair1", talks, false, opener(gonng.NewPair1)},
		{"bus0", talks, false, opener(gonng.NewBus0)},
	}
}

// opener makes constructors of different types one. Options are set later.
func opener[S gonng.Socket, O any](open func(...O) (S, error)) func() (gonng.Socket, error) {
	return func() (gonng.Socket, error) { return open() }
}

// protocolOptions are the protocols' names; prefixes of them, such as --req,
// come by the rule for long options. --sub needs a row for it is also a prefix
// of --subscribe.
func (c *catConfig) protocolOptions() []option {
	options := []option{
		{name: "sub", set: c.choose("sub0")},
		{name: "pair", set: func(string) error { c.pair = true; return c.choose("pair1")("") }},
	}
	for _, p := range catProtocols() {
		options = append(options, option{name: p.name, set: c.choose(p.name)})
	}
	return options
}

func (c *catConfig) choose(name string) func(string) error {
	return func(string) error {
		if c.protocol != nil {
			return fmt.Errorf("there is a protocol already, %s: give only one", c.protocol.name)
		}
		c.protocol = findProtocol(name)
		return nil
	}
}

func findProtocol(name string) *catProtocol {
	for _, p := range catProtocols() {
		if p.name == name {
			return &p
		}
	}
	return nil
}

// check refuses what does not go together, and settles what hangs on more than
// one option.
func (c *catConfig) check() error {
	switch {
	case len(c.addrs) == 0:
		return errors.New("no address: give --dial or --listen, with a URL")
	case c.compat && c.async:
		return errors.New("--compat is --async already: give only one")
	case c.compat && c.count != 0:
		return errors.New("--compat has no --count")
	case c.protocol == nil:
		return errors.New("no protocol: give one, such as --req or --pull; --help lists them")
	case c.compat && c.pair:
		c.protocol = findProtocol("pair0")
	case c.compat && c.protocol.name == "pair1":
		return errors.New("--compat has no pair1: give --pair0 or --pair")
	}
	name := "--" + c.protocol.name
	if name == "--sub0" {
		if len(c.topics) == 0 {
			c.topics = []string{""} // everything
		}
	} else if len(c.topics) > 0 {
		return fmt.Errorf("%s has no --subscribe, only --sub0 has", name)
	}
	switch role := c.protocol.role; {
	case c.lines && c.data != nil:
		return errors.New("--lines reads what to send from the standard input: leave out --data and --file")
	case c.lines && (c.interval >= 0 || c.delay > 0):
		return errors.New("--lines sends when there is a line: it has no --interval or --delay")
	case c.lines && role == replies && c.exec == "":
		return fmt.Errorf("%s answers, and has no --lines without --exec", name)
	case c.exec != "" && (role != replies || c.data != nil):
		return errors.New("--exec is the answer of --rep0 or --respondent0, in place of --data")
	case c.lines && (role == sends || role == asks):
		return nil
	case role == receives && c.data != nil:
		return fmt.Errorf("%s cannot send: it has no --data or --file", name)
	case (role == receives || role == replies) && c.interval >= 0:
		return fmt.Errorf("%s sends nothing of its own accord: it has no --interval", name)
	case role == sends && c.record != "":
		return fmt.Errorf("%s receives nothing: it has no --record", name)
	case role == sends && c.format != nil:
		return fmt.Errorf("%s receives nothing: it has no --format", name)
	case (role == sends || role == asks) && c.data == nil:
		return fmt.Errorf("%s needs something to send: give --data or --file", name)
	case role == talks && c.interval >= 0 && c.data == nil:
		return errors.New("--interval needs something to send: give --data or --file")
	}
	return nil
}
