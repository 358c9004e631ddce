package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// replayConfig is what the arguments of replay say.
type replayConfig struct {
	file   string
	cat    catConfig // the socket, its addresses and the format; no protocol: none
	speed  float64   // 0: as fast as it goes
	loop   bool
	print  bool
	output string // the file to save to; "": none

	from, to         int           // numbers; to 0: to the end
	after, before    time.Duration // since the first message; before 0: to the end
	onePipe          bool
	pipe             uint32
	prefix, contains string
}

// replayCatOptions are the options of cat that replay takes, beside the protocols.
var replayCatOptions = []string{
	"help", "verbose", "silent", "monitor", "dial", "connect", "listen", "bind", "connect-ipc", "bind-ipc", "connect-local",
	"bind-local", "send-timeout", "recv-timeout", "recv-maxsz", "format", "raw", "ascii", "quoted", "hex", "msgpack",
	"insecure", "cacert", "cert", "key", "pair",
}

func parseReplay(args []string, stdin io.Reader) (replayConfig, error) {
	c := replayConfig{speed: 1, from: 1}
	c.cat.interval = -1
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		c.file, args = args[0], args[1:]
	}
	rest, err := parseOptions(args, c.options(stdin))
	switch {
	case err != nil:
		return c, err
	case c.file == "" && len(rest) > 0:
		c.file, rest = rest[0], rest[1:]
	}
	switch {
	case len(rest) > 0:
		return c, fmt.Errorf("%q is not an option; --help lists them", rest[0])
	case c.file == "":
		return c, errors.New("no file: give one that gonng cat --record has made")
	}
	return c, c.check()
}

func (c *replayConfig) options(stdin io.Reader) []option {
	var options []option
	for _, o := range c.cat.options(stdin) {
		if findProtocol(o.name) != nil || slices.Contains(replayCatOptions, o.name) {
			options = append(options, o)
		}
	}
	return append(options,
		option{name: "speed", value: true, set: c.setSpeed},
		option{name: "loop", set: on(&c.loop)},
		option{name: "print", set: on(&c.print)},
		option{name: "output", short: 'o', value: true, set: text(&c.output)},
		option{name: "from", value: true, set: number(&c.from, math.MaxInt32)},
		option{name: "to", value: true, set: number(&c.to, math.MaxInt32)},
		option{name: "after", value: true, set: duration(&c.after)},
		option{name: "before", value: true, set: duration(&c.before)},
		option{name: "pipe", value: true, set: func(s string) error {
			n, err := whole(s, math.MaxInt32) // an ID is below 2³¹
			c.onePipe, c.pipe = true, uint32(n)
			return err
		}},
		option{name: "prefix", value: true, set: text(&c.prefix)},
		option{name: "contains", value: true, set: text(&c.contains)},
	)
}

// setSpeed reads 1x, 0.5x, 20x or max.
func (c *replayConfig) setSpeed(s string) error {
	if s == "max" {
		c.speed = 0
		return nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%q is no speed: want 1x, 0.5x, 20x, … or max", s)
	}
	c.speed = v
	return nil
}

// check refuses what does not go together.
func (c *replayConfig) check() error {
	p := c.cat.protocol
	switch {
	case p == nil && len(c.cat.addrs) > 0:
		return errors.New("no protocol: give one that sends, such as --push or --pub; --help lists them")
	case p == nil && !c.print && c.output == "":
		return errors.New("nothing to do: give a protocol and an address, or --print, or --output")
	case p == nil && c.loop:
		return errors.New("--loop is for sending: give a protocol and an address")
	case p == nil:
		return nil
	case p.role == receives || p.role == replies:
		return fmt.Errorf("--%s sends nothing of its own accord: it cannot replay", p.name)
	case len(c.cat.addrs) == 0:
		return errors.New("no address: give --dial or --listen, with a URL")
	case c.loop && c.output != "":
		return errors.New("--output with --loop would grow for ever")
	}
	return nil
}
