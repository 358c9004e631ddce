package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/natsbridge"
	"github.com/gonng/gonng/internal/tool"
)

var (
	errHelp    = errors.New("help wanted")
	errVersion = errors.New("version wanted")
)

// config is what the options say.
type config struct {
	bridge          natsbridge.Bridge
	urls            []string
	dial, listen    bool
	monitor         string
	verbose, silent bool

	cacert, cert, key string // of SP
	insecure          bool
	recvMaxSize       int

	creds, nkey, tlsca, tlscert, tlskey string // of NATS
}

// sockets are the options for the URL of the socket. What others come to listens by default.
var sockets = []struct {
	name     string
	protocol gonng.Protocol
	listens  bool
}{
	{"rep", gonng.ProtocolRep0, true},
	{"req", gonng.ProtocolReq0, false},
	{"pull", gonng.ProtocolPull0, true},
	{"push", gonng.ProtocolPush0, false},
	{"sub", gonng.ProtocolSub0, false},
	{"pub", gonng.ProtocolPub0, true},
}

func parse(args []string) (*config, error) {
	c := &config{recvMaxSize: -1}
	b := &c.bridge
	f := flag.NewFlagSet("gonng-bridge", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	socket, listens := "", false
	for _, s := range sockets {
		f.Func(s.name, "", func(url string) error {
			if socket != "" && socket != s.name {
				return fmt.Errorf("there is --%s already: a bridge has one socket", socket)
			}
			socket, b.Protocol, listens = s.name, s.protocol, s.listens
			c.urls = append(c.urls, url)
			return nil
		})
	}
	var subject, core, topics string
	f.BoolVar(&c.dial, "dial", false, "")
	f.BoolVar(&c.listen, "listen", false, "")
	f.StringVar(&b.Stream, "stream", "", "")
	f.StringVar(&b.Durable, "durable", "", "")
	f.StringVar(&subject, "subject", "", "")
	f.StringVar(&core, "nats", "", "")
	f.StringVar(&topics, "topics", "", "")
	f.BoolVar(&b.Headers, "headers", false, "")
	f.IntVar(&b.InFlight, "in-flight", 0, "")
	f.DurationVar(&b.Timeout, "timeout", 0, "")
	f.DurationVar(&b.AckWait, "ack-wait", 0, "")
	f.DurationVar(&b.Pause, "pause", 0, "")
	f.DurationVar(&b.Grace, "grace", 0, "")
	f.IntVar(&b.MaxDeliver, "max-deliver", 0, "")
	f.StringVar(&b.Dead, "dead", "", "")

	f.StringVar(&b.Servers, "server", os.Getenv("NATS_URL"), "")
	f.StringVar(&c.creds, "creds", "", "")
	f.StringVar(&c.nkey, "nkey", "", "")
	f.StringVar(&c.tlsca, "tlsca", "", "")
	f.StringVar(&c.tlscert, "tlscert", "", "")
	f.StringVar(&c.tlskey, "tlskey", "", "")

	f.StringVar(&c.cacert, "cacert", "", "")
	f.StringVar(&c.cert, "cert", "", "")
	f.StringVar(&c.key, "key", "", "")
	f.BoolVar(&c.insecure, "insecure", false, "")
	f.IntVar(&c.recvMaxSize, "recv-maxsz", -1, "")

	f.Func("monitor", "", func(s string) (err error) {
		c.monitor, err = tool.MonitorAddress(s)
		return err
	})
	f.BoolVar(&c.verbose, "verbose", false, "")
	f.BoolVar(&c.verbose, "v", false, "")
	f.BoolVar(&c.silent, "silent", false, "")
	version := f.Bool("version", false, "")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, errHelp
	case err != nil:
		return nil, fmt.Errorf("%w; --help lists the options", err)
	case *version:
		return nil, errVersion
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is not an option; --help lists them", f.Arg(0))
	case socket == "":
		return nil, errors.New("no socket: give one of --rep, --req, --pull, --push, --sub and --pub, with a URL; --help lists the options")
	case c.dial && c.listen:
		return nil, errors.New("--dial and --listen contradict each other")
	case core != "" && b.Stream != "":
		return nil, errors.New("--nats is for core NATS: with --stream give --subject")
	case subject != "" && b.Stream == "":
		return nil, errors.New("--subject goes with --stream: for core NATS give --nats")
	case core == "" && b.Stream == "":
		return nil, errors.New("neither --nats nor --stream: say what is on the side of NATS")
	case (c.tlscert == "") != (c.tlskey == ""):
		return nil, errors.New("--tlscert and --tlskey go together")
	}
	b.Subject = subject + core
	if topics != "" {
		b.Topics = strings.Split(topics, ",")
	}
	if c.listen || listens && !c.dial {
		b.Listen = c.urls
	} else {
		b.Dial = c.urls
	}
	return c, b.Check()
}

// load reads the files that the options name.
func (c *config) load() (err error) {
	b := &c.bridge
	if c.recvMaxSize >= 0 {
		b.SocketOptions = append(b.SocketOptions, gonng.WithRecvMaxSize(c.recvMaxSize))
	}
	if b.TLS, err = c.tls(); err != nil {
		return err
	}
	if c.creds != "" {
		b.NATSOptions = append(b.NATSOptions, nats.UserCredentials(c.creds))
	}
	if c.nkey != "" {
		o, err := nats.NkeyOptionFromSeed(c.nkey)
		if err != nil {
			return fmt.Errorf("--nkey: %w", err)
		}
		b.NATSOptions = append(b.NATSOptions, o)
	}
	if c.tlsca != "" {
		b.NATSOptions = append(b.NATSOptions, nats.RootCAs(c.tlsca))
	}
	if c.tlscert != "" {
		b.NATSOptions = append(b.NATSOptions, nats.ClientCert(c.tlscert, c.tlskey))
	}
	return nil
}

// tls is the configuration for the socket; nil: no option of it was given, and the defaults
// of gonng hold.
func (c *config) tls() (*tls.Config, error) {
	if c.cacert == "" && c.cert == "" && c.key == "" && !c.insecure {
		return nil, nil
	}
	listens := len(c.bridge.Listen) > 0
	t := gonng.TLSConfig{Mode: gonng.TLSClient}
	if listens {
		t.Mode = gonng.TLSServer
	}
	if c.cacert != "" {
		t.CAFiles = []string{c.cacert}
		if listens {
			t.AuthMode = gonng.AuthRequired
		}
	}
	if c.insecure {
		t.AuthMode = gonng.AuthNone
	}
	if c.key == "" {
		t.CertKeyFile = c.cert
		return t.Build()
	}
	for file, text := range map[string]*string{c.cert: &t.OwnCert, c.key: &t.OwnKey} {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		*text = string(data)
	}
	return t.Build()
}
