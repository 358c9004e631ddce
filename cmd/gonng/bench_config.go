package main

import (
	"errors"
	"fmt"
	"strings"
)

// benchConfig is what the arguments of bench say.
type benchConfig struct {
	mode   *benchMode
	url    string
	size   int // bytes of a message
	count  int // messages or round trips, at least 1
	pair0  bool
	silent bool

	monitor string // the address; "": none
}

// benchLimit is nng's, for both numbers.
const benchLimit = 1_000_000_000

func parseBench(args []string) (c benchConfig, err error) {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	switch {
	case name == "-h" || name == "--help":
		return c, errHelp
	case strings.HasPrefix(name, "-"):
		return c, fmt.Errorf("the test comes first: gonng bench <test> %s …; --help lists them", name)
	}
	if c.mode, err = findBenchMode(name); err != nil {
		return c, err
	}
	options := c.options()
	values, err := parseOptions(args[1:], options)
	if err != nil {
		return c, err
	}
	// They may also follow.
	want := len(strings.Fields(c.mode.args))
	if len(values) > want && strings.HasPrefix(values[want], "-") {
		after, err := parseOptions(values[want:], options)
		if err != nil {
			return c, err
		}
		values = append(values[:want:want], after...)
	}
	if len(values) != want {
		return c, fmt.Errorf("%s takes %d arguments, not %d: gonng bench %s %s", name, want, len(values), name, c.mode.args)
	}
	return c, c.setValues(values)
}

func (c *benchConfig) options() []option {
	options := []option{
		{name: "help", short: 'h', set: help},
		{name: "silent", short: 'q', set: on(&c.silent)},
		monitorOption(&c.monitor),
		{name: "pair0", set: on(&c.pair0)},
		{name: "pair1", set: func(string) error { c.pair0 = false; return nil }},
	}
	if c.mode.bothSides() {
		c.url = "inproc://gonng-bench"
		options = append(options, option{name: "url", value: true, set: text(&c.url)})
	}
	return options
}

// allBenchOptions are those of the tests that have the most.
func allBenchOptions() []option {
	for _, m := range benchModes() {
		if m.bothSides() {
			return (&benchConfig{mode: &m}).options()
		}
	}
	return nil
}

// setValues reads what is no option, as many as the mode takes.
func (c *benchConfig) setValues(values []string) (err error) {
	if !c.mode.bothSides() {
		c.url, values = values[0], values[1:]
		if strings.HasPrefix(c.url, "inproc:") {
			return fmt.Errorf("inproc is inside one process: use inproc_%s, which has both sides", c.mode.test())
		}
	}
	if c.size, err = whole(values[0], benchLimit); err != nil {
		return fmt.Errorf("the message size, in bytes: %w", err)
	}
	if c.count, err = whole(values[1], benchLimit); err == nil && c.count == 0 {
		err = errors.New("there is nothing to measure in 0, give at least 1")
	}
	if err != nil {
		return fmt.Errorf("the number of %s: %w", c.mode.counted, err)
	}
	return nil
}

func findBenchMode(name string) (*benchMode, error) {
	return find(benchModes(), func(m benchMode) string { return m.name }, "test", name)
}
