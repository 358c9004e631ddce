package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gonng/gonng"
)

// deviceKind is a row of the table of what can be joined.
type deviceKind struct {
	name    string
	front   gonng.Protocol // the back has the protocol that this talks to
	hops    bool           // --ttl makes sense
	summary string
}

func deviceKinds() []deviceKind {
	return []deviceKind{
		{"reqrep", gonng.ProtocolRep0, true, "req sockets at the front, rep sockets at the back"},
		{"pubsub", gonng.ProtocolSub0, false, "pub sockets at the front, sub sockets at the back"},
		{"pipeline", gonng.ProtocolPull0, false, "push sockets at the front, pull sockets at the back"},
		{"survey", gonng.ProtocolRespondent0, true, "surveyors at the front, respondents at the back"},
		{"pair0", gonng.ProtocolPair0, false, "one pair0 socket at each side; without a back it hears itself"},
		{"pair1", gonng.ProtocolPair1, true, "one pair1 socket at each side; without a back it hears itself"},
		{"bus", gonng.ProtocolBus0, false, "bus sockets at each side; without a back those at the front hear each other"},
	}
}

// reflects reports whether the front alone is a device.
func (k *deviceKind) reflects() bool { return k.front.Peer() == k.front }

// deviceConfig is what the arguments of device say.
type deviceConfig struct {
	kind        *deviceKind
	addrs       []deviceAddr
	ttl         int           // 0: the default
	recvMaxSize int           // negative: the default; 0: no limit
	duration    time.Duration // 0: until a signal
	verbose     bool
	monitor     string // the address; "": none
	tlsOptions
}

// deviceAddr is where to dial or listen, and on which side.
type deviceAddr struct {
	url        string
	back, dial bool
}

func parseDevice(args []string, stdin io.Reader) (deviceConfig, error) {
	c := deviceConfig{recvMaxSize: -1}
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	rest, err := parseOptions(args, c.options(stdin))
	switch {
	case err != nil:
		return c, err
	case len(rest) > 0 && name == "":
		return c, fmt.Errorf("the kind comes first: gonng device %s …", rest[0])
	case len(rest) > 0:
		return c, fmt.Errorf("%q is not an option; --help lists them", rest[0])
	}
	if c.kind, err = find(deviceKinds(), func(k deviceKind) string { return k.name }, "kind", name); err != nil {
		return c, err
	}
	return c, c.check()
}

func (c *deviceConfig) options(stdin io.Reader) []option {
	return append([]option{
		{name: "help", short: 'h', set: help},
		{name: "verbose", short: 'v', set: on(&c.verbose)},
		monitorOption(&c.monitor),
		{name: "front-listen", value: true, set: c.address(false, false)},
		{name: "front-dial", value: true, set: c.address(false, true)},
		{name: "back-listen", value: true, set: c.address(true, false)},
		{name: "back-dial", value: true, set: c.address(true, true)},
		{name: "ttl", value: true, set: func(s string) (err error) {
			if c.ttl, err = whole(s, 255); err == nil && c.ttl == 0 {
				err = errors.New("no message has made 0 hops: the least is 1")
			}
			return err
		}},
		{name: "recv-maxsz", short: 'Z', value: true, set: number(&c.recvMaxSize, math.MaxInt32)},
		{name: "duration", value: true, set: duration(&c.duration)},
	}, c.tlsOptions.options(stdin)...)
}

func (c *deviceConfig) address(back, dial bool) func(string) error {
	return func(s string) error { c.addrs = append(c.addrs, deviceAddr{s, back, dial}); return nil }
}

// check refuses what does not go together.
func (c *deviceConfig) check() error {
	switch {
	case !c.has(false):
		return fmt.Errorf("%s has no front: give --front-listen or --front-dial, with a URL", c.kind.name)
	case !c.has(true) && !c.kind.reflects():
		return fmt.Errorf("%s has no back: give --back-listen or --back-dial, with a URL", c.kind.name)
	case c.ttl > 0 && !c.kind.hops:
		return fmt.Errorf("messages of %s do not count their hops: leave out --ttl", c.kind.name)
	}
	return nil
}

// has reports whether the front, or the back, has an address.
func (c *deviceConfig) has(back bool) bool {
	return slices.ContainsFunc(c.addrs, func(a deviceAddr) bool { return a.back == back })
}
