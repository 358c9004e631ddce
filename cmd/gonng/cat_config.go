package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"
)

// catConfig is what the options of cat say.
type catConfig struct {
	protocol                 *catProtocol // nil: none yet
	pair                     bool         // --pair, whose version hangs on --compat
	addrs                    []catAddr
	topics                   []string
	format                   *formatter // nil: nothing is printed
	data                     []byte     // nil: none; there may be empty data
	count                    int        // 0: no limit
	delay                    time.Duration
	interval                 time.Duration // negative: none
	recvTimeout, sendTimeout time.Duration // 0: none
	recvMaxSize              int           // 0: no limit
	compat, async            bool
	verbose, silent          bool
	tlsOptions
	lines   bool   // each line of the input is a message, and each message is printed as a line
	exec    string // the command whose output is the answer; "": none
	stats   bool   // print the counters at the end
	stdin   io.Reader
	monitor string // the address; "": none
	record  string // the file; "": none
}

// catAddr is where to dial or listen.
type catAddr struct {
	url  string
	dial bool
}

// parseCat reads the options of cat, and the files that they name. The rest of
// args is what follows the options.
func parseCat(args []string, stdin io.Reader) (c catConfig, rest []string, err error) {
	c.interval, c.stdin = -1, stdin
	rest, err = parseOptions(args, c.options(stdin))
	return c, rest, err
}

// options are all that nngcat knows, 1.5.2 as well as 1.11 and 2.0, and those that may not be cut
// short.
func (c *catConfig) options(stdin io.Reader) []option {
	options := []option{
		{name: "help", short: 'h', set: help},
		{name: "version", short: 'V', set: func(string) error { return errVersion }},
		{name: "verbose", short: 'v', set: c.loudness(true)},
		{name: "silent", short: 'q', set: c.loudness(false)},
		{name: "compat", set: on(&c.compat)},
		monitorOption(&c.monitor),
		{name: "record", value: true, full: true, set: text(&c.record)},
		{name: "async", set: on(&c.async)},

		{name: "dial", value: true, set: c.address("", true)},
		{name: "connect", value: true, set: c.address("", true)},
		{name: "listen", value: true, set: c.address("", false)},
		{name: "bind", value: true, set: c.address("", false)},
		// The third slash is nngcat's: "-x foo" is /foo, not the foo of here.
		{name: "connect-ipc", short: 'x', value: true, set: c.address("ipc:///", true)},
		{name: "bind-ipc", short: 'X', value: true, set: c.address("ipc:///", false)},
		{name: "connect-local", short: 'l', value: true, set: c.port(true)},
		{name: "bind-local", short: 'L', value: true, set: c.port(false)},

		{name: "data", short: 'D', value: true, set: c.setData(func(s string) ([]byte, error) { return []byte(s), nil })},
		{name: "file", short: 'F', value: true, set: c.setData(func(s string) ([]byte, error) { return readFile(s, stdin) })},
		{name: "subscribe", value: true, set: func(s string) error { c.topics = append(c.topics, s); return nil }},
		{name: "count", short: 'C', value: true, set: number(&c.count, math.MaxInt32)},
		{name: "delay", short: 'd', value: true, set: seconds(&c.delay)},
		{name: "interval", short: 'i', value: true, set: seconds(&c.interval)},
		{name: "recv-timeout", value: true, set: seconds(&c.recvTimeout)},
		{name: "send-timeout", value: true, set: seconds(&c.sendTimeout)},
		{name: "recv-maxsz", short: 'Z', value: true, set: number(&c.recvMaxSize, math.MaxInt32)},

		{name: "format", value: true, set: c.setFormat},
		{name: "raw", set: c.formatAs("raw")},
		{name: "ascii", short: 'A', set: c.formatAs("ascii")},
		{name: "quoted", short: 'Q', set: c.formatAs("quoted")},
		{name: "hex", set: c.formatAs("hex")},
		{name: "msgpack", set: c.formatAs("msgpack")},

		{name: "json", full: true, set: c.formatAs("json")},
		{name: "lines", full: true, set: func(string) error { c.lines = true; return c.setFormat("lines") }},
		{name: "exec", value: true, full: true, set: text(&c.exec)},
		{name: "stats", full: true, set: on(&c.stats)},

		// nngcat takes these and does nothing with them; ZeroTier is not built
		// into any that is packaged.
		{name: "socket-name", value: true, set: func(string) error { return nil }},
		{name: "zt-home", value: true, set: func(string) error { return nil }},
	}
	return slices.Concat(options, c.tlsOptions.options(stdin), c.protocolOptions())
}

// loudness is --verbose and --silent: the later one counts.
func (c *catConfig) loudness(verbose bool) func(string) error {
	return func(string) error { c.verbose, c.silent = verbose, !verbose; return nil }
}

func (c *catConfig) address(prefix string, dial bool) func(string) error {
	return func(s string) error { c.addrs = append(c.addrs, catAddr{prefix + s, dial}); return nil }
}

func (c *catConfig) port(dial bool) func(string) error {
	return func(s string) error {
		n, err := whole(s, math.MaxUint16)
		if err == nil {
			c.addrs = append(c.addrs, catAddr{"tcp://127.0.0.1:" + strconv.Itoa(n), dial})
		}
		return err
	}
}

func (c *catConfig) setData(load func(string) ([]byte, error)) func(string) error {
	return func(s string) error {
		if c.data != nil {
			return errors.New("there is data already: give --data or --file, and only once")
		}
		data, err := load(s)
		c.data = append([]byte{}, data...) // not nil, even if empty
		return err
	}
}

// once is for options that name a file and may be given once.
func once(content *[]byte, stdin io.Reader) func(string) error {
	return func(path string) error {
		if *content != nil {
			return errors.New("may be given only once")
		}
		data, err := readFile(path, stdin)
		*content = append([]byte{}, data...)
		return err
	}
}

// largestInput bounds what is read of an input that may have no end, in bytes.
const largestInput = 256 << 20

func readFile(path string, stdin io.Reader) ([]byte, error) {
	if path != "-" {
		return os.ReadFile(path)
	}
	data, err := io.ReadAll(io.LimitReader(stdin, largestInput+1))
	if err == nil && len(data) > largestInput {
		return nil, fmt.Errorf("the standard input has more than %d bytes, and is one message: use --lines for a message a line", largestInput)
	}
	return data, err
}
