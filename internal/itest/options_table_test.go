package itest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// optionRow is all that there is to know of an option.
type optionRow struct {
	name string
	good any                     // one with a value that is no default
	read func(gonng.Config) bool // reports whether that value is what is set; nil: there is none
	bad  []any                   // with values that are out of range

	protocols []gonng.Protocol // whose sockets take it; nil: all
	cooked    bool             // raw ones do not
	contexts  []gonng.Protocol // whose contexts have a value of their own
	schemes   []string         // whose dialers and listeners take it; nil: all
	making    bool             // refused by dialers and listeners that exist
	elsewhere bool             // no socket takes it on this system
}

var (
	counting       = []gonng.Protocol{gonng.ProtocolPair1, gonng.ProtocolReq0, gonng.ProtocolRep0, gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0}
	haveContexts   = []gonng.Protocol{gonng.ProtocolReq0, gonng.ProtocolRep0, gonng.ProtocolSub0, gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0}
	tcpSchemes     = []string{"tcp", "tls+tcp", "ws", "wss"}
	optionLogger   = slog.New(slog.DiscardHandler)
	optionTLS      = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }}
	optionResolver = new(net.Resolver)
	optionAliving  = net.KeepAliveConfig{Enable: true, Interval: 7 * time.Second}
)

func of(protocols ...gonng.Protocol) []gonng.Protocol { return protocols }

func protocolsThat(do func(gonng.Protocol) bool) []gonng.Protocol {
	return slices.DeleteFunc(slices.Clone(allProtocols), func(p gonng.Protocol) bool { return !do(p) })
}

var optionTable = []optionRow{
	{name: "WithListen", good: gonng.WithListen("inproc://option-table")},
	{name: "WithDial", good: gonng.WithDial("inproc://option-table", gonng.WithDialMode(gonng.DialBackground))},
	{name: "WithPipeHook", good: gonng.WithPipeHook(gonng.PipeClosed, func(*gonng.Pipe) {}),
		bad: []any{gonng.WithPipeHook(gonng.PipeClosed, nil), gonng.WithPipeHook(-1, func(*gonng.Pipe) {}), gonng.WithPipeHook(3, func(*gonng.Pipe) {})}},
	{name: "WithName", good: gonng.WithName("n"), read: func(c gonng.Config) bool { return c.Name == "n" }},
	{name: "WithLogger", good: gonng.WithLogger(optionLogger), read: func(c gonng.Config) bool { return c.Logger == optionLogger }},
	{name: "WithAuthorize", good: gonng.WithAuthorize(func(context.Context, *gonng.Pipe) error { return nil }),
		read: func(c gonng.Config) bool { return c.Authorize != nil }},
	{name: "WithRecvTimeout", good: gonng.WithRecvTimeout(7), read: func(c gonng.Config) bool { return c.RecvTimeout == 7 },
		bad: []any{gonng.WithRecvTimeout(-1)}, contexts: haveContexts},
	{name: "WithSendTimeout", good: gonng.WithSendTimeout(7), read: func(c gonng.Config) bool { return c.SendTimeout == 7 },
		bad: []any{gonng.WithSendTimeout(-1)}, contexts: haveContexts},
	{name: "WithRecvBuffer", good: gonng.WithRecvBuffer(7), read: func(c gonng.Config) bool { return c.RecvBuffer == 7 },
		bad: []any{gonng.WithRecvBuffer(-1)}, protocols: protocolsThat(receives),
		contexts: of(gonng.ProtocolSub0, gonng.ProtocolSurveyor0)},
	{name: "WithSendBuffer", good: gonng.WithSendBuffer(7), read: func(c gonng.Config) bool { return c.SendBuffer == 7 },
		bad: []any{gonng.WithSendBuffer(-1)}, protocols: protocolsThat(sends)},
	{name: "WithRecvMaxSize", good: gonng.WithRecvMaxSize(7), read: func(c gonng.Config) bool { return c.RecvMaxSize == 7 },
		bad: []any{gonng.WithRecvMaxSize(-1)}},
	{name: "WithReconnectTime", good: gonng.WithReconnectTime(time.Hour, 0),
		read: func(c gonng.Config) bool { return c.ReconnectMin == time.Hour && c.ReconnectMax == 0 },
		bad: []any{gonng.WithReconnectTime(0, 0), gonng.WithReconnectTime(0, 1), gonng.WithReconnectTime(-1, 0),
			gonng.WithReconnectTime(1, -1), gonng.WithReconnectTime(2, 1)}},
	{name: "WithLinger", good: gonng.WithLinger(7), read: func(c gonng.Config) bool { return c.Linger == 7 },
		bad: []any{gonng.WithLinger(-1)}},
	{name: "WithTTL", good: gonng.WithTTL(7), read: func(c gonng.Config) bool { return c.TTL == 7 },
		bad: []any{gonng.WithTTL(0), gonng.WithTTL(-1), gonng.WithTTL(256)}, protocols: counting},
	{name: "WithDialMode", good: gonng.WithDialMode(gonng.DialBackground), read: func(c gonng.Config) bool { return c.DialMode == gonng.DialBackground },
		bad: []any{gonng.WithDialMode(-1), gonng.WithDialMode(3)}, making: true},
	{name: "WithResolver", good: gonng.WithResolver(optionResolver), read: func(c gonng.Config) bool { return c.Resolver == optionResolver },
		schemes: []string{"dns+tcp"}},
	{name: "WithResolveInterval", good: gonng.WithResolveInterval(7), read: func(c gonng.Config) bool { return c.ResolveInterval == 7 },
		bad: []any{gonng.WithResolveInterval(0), gonng.WithResolveInterval(-1)}, schemes: []string{"dns+tcp"}},
	{name: "WithPriority", good: gonng.WithPriority(7), read: func(c gonng.Config) bool { return c.Priority == 7 },
		bad: []any{gonng.WithPriority(0), gonng.WithPriority(-1), gonng.WithPriority(17)}, protocols: of(gonng.ProtocolPush0, gonng.ProtocolReq0)},
	{name: "WithMaxPeers", good: gonng.WithMaxPeers(7), read: func(c gonng.Config) bool { return c.MaxPeers == 7 },
		bad: []any{gonng.WithMaxPeers(-1)}},
	{name: "WithResendTime", good: gonng.WithResendTime(7), read: func(c gonng.Config) bool { return c.ResendTime == 7 },
		bad: []any{gonng.WithResendTime(-1)}, protocols: of(gonng.ProtocolReq0), cooked: true, contexts: of(gonng.ProtocolReq0)},
	{name: "WithSurveyTime", good: gonng.WithSurveyTime(7), read: func(c gonng.Config) bool { return c.SurveyTime == 7 },
		bad: []any{gonng.WithSurveyTime(-1)}, protocols: of(gonng.ProtocolSurveyor0), cooked: true, contexts: of(gonng.ProtocolSurveyor0)},
	{name: "WithTopics", good: gonng.WithTopics("x"), protocols: of(gonng.ProtocolSub0), cooked: true, contexts: of(gonng.ProtocolSub0)},
	{name: "WithPreferNew", good: gonng.WithPreferNew(false), read: func(c gonng.Config) bool { return !c.PreferNew },
		protocols: of(gonng.ProtocolSub0), contexts: of(gonng.ProtocolSub0)},
	{name: "WithPolyamorous", good: gonng.WithPolyamorous(), read: func(c gonng.Config) bool { return c.Polyamorous },
		protocols: of(gonng.ProtocolPair1)},
	{name: "WithTCPNoDelay", good: gonng.WithTCPNoDelay(false), read: func(c gonng.Config) bool { return !c.TCPNoDelay }, schemes: tcpSchemes},
	{name: "WithTCPKeepAlive", good: gonng.WithTCPKeepAlive(optionAliving), read: func(c gonng.Config) bool { return c.TCPKeepAlive == optionAliving },
		schemes: tcpSchemes},
	{name: "WithDialContext", good: gonng.WithDialContext(new(net.Dialer).DialContext), read: func(c gonng.Config) bool { return c.DialContext != nil },
		schemes: append([]string{"ipc", "abstract"}, tcpSchemes...)},
	{name: "WithTLS", good: gonng.WithTLS(optionTLS), read: func(c gonng.Config) bool { return c.TLS == optionTLS }, schemes: []string{"tls+tcp", "wss"}},
	{name: "WithIPCPermissions", good: gonng.WithIPCPermissions(0o600), read: func(c gonng.Config) bool { return c.IPCPermissions == 0o600 },
		bad:     []any{gonng.WithIPCPermissions(0o1777), gonng.WithIPCPermissions(fs.ModeDir)},
		schemes: []string{"ipc"}, making: true, elsewhere: runtime.GOOS == "windows"},
	{name: "WithIPCSecurityDescriptor", good: gonng.WithIPCSecurityDescriptor("D:P(A;;GA;;;WD)"),
		read:    func(c gonng.Config) bool { return c.IPCSecurityDescriptor == "D:P(A;;GA;;;WD)" },
		schemes: []string{"ipc"}, making: true, elsewhere: runtime.GOOS != "windows"},
	{name: "WithHTTPHeader", good: gonng.WithHTTPHeader(http.Header{"X": {"y"}}), read: func(c gonng.Config) bool { return c.HTTPHeader.Get("X") == "y" },
		bad: []any{gonng.WithHTTPHeader(http.Header{"Upgrade": {"y"}}), gonng.WithHTTPHeader(http.Header{"Trailer": {"y"}}),
			gonng.WithHTTPHeader(http.Header{"": {"y"}}), gonng.WithHTTPHeader(http.Header{"X": {"\n"}})},
		schemes: []string{"ws", "wss"}},
	{name: "WithCheckOrigin", good: gonng.WithCheckOrigin(func(*http.Request) bool { return false }),
		read: func(c gonng.Config) bool { return c.CheckOrigin != nil }, schemes: []string{"ws", "wss"}},
	{name: "WithTextFrames", good: gonng.WithTextFrames(), read: func(c gonng.Config) bool { return c.TextFrames }, schemes: []string{"ws", "wss"}},
}

func (r optionRow) takenBy(p gonng.Protocol) bool {
	return !r.elsewhere && (r.protocols == nil || slices.Contains(r.protocols, p))
}

// has reports whether the value of good is in c.
func (r optionRow) has(c gonng.Config) bool { return r.read == nil || r.read(c) }

// refused fails unless err says that the option is not for this place.
func (r optionRow) refused(t *testing.T, err error, op string, words ...string) {
	t.Helper()
	wantError(t, err, op, gonng.ErrNotSupported)
	if err != nil {
		wantText(t, err.Error(), append(words, r.name)...)
	}
}

// TestEveryOptionIsInTheTable: one that is not would be tested by nothing here.
func TestEveryOptionIsInTheTable(t *testing.T) {
	var names []string
	for _, r := range optionTable {
		names = append(names, r.name)
	}
	serve := []string{"WithConcurrency", "WithGracePeriod"}
	files, err := os.ReadDir("../..")
	check(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), "../../"+f.Name(), nil, parser.SkipObjectResolution)
		check(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "With") &&
				!slices.Contains(serve, f.Name.Name) && !slices.Contains(names, f.Name.Name) {
				t.Errorf("%s is not in the table", f.Name.Name)
			}
		}
	}
}

// setOn is the Set of the type of s; ok reports whether it takes the option at all.
func setOn(s any, option any) (err error, ok bool) {
	set := reflect.ValueOf(s).MethodByName("Set")
	if !reflect.TypeOf(option).Implements(set.Type().In(0).Elem()) {
		return nil, false
	}
	err, _ = set.Call([]reflect.Value{reflect.ValueOf(option)})[0].Interface().(error)
	return err, true
}

// TestOptionsOfSockets: each option on each socket, cooked and raw: taken and read
// back, or refused by name; a value out of range everywhere.
func TestOptionsOfSockets(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, r := range optionTable {
		t.Run(r.name, func(t *testing.T) {
			taken := 0
			for _, p := range allProtocols {
				for _, raw := range []bool{false, true} {
					newSocket := cooked[p]
					if raw {
						newSocket = rawMaker(p)
					}
					s := open(t, newSocket, gonng.WithLinger(0))
					before := s.Config()
					for _, bad := range r.bad {
						if err, ok := setOn(s, bad); ok {
							wantError(t, err, "set", gonng.ErrInvalid)
							wantText(t, err.Error(), r.name)
						}
					}
					if r.read != nil && r.read(before) {
						t.Errorf("the value is the default of %v", p)
					}
					err, ok := setOn(s, r.good)
					switch {
					case !ok:
					case r.takenBy(p) && !(raw && r.cooked):
						taken++
						check(t, err)
						if !r.has(s.Config()) {
							t.Errorf("Config of %v (raw: %v) is %+v", p, raw, s.Config())
						}
					default:
						r.refused(t, err, "set")
						if after := s.Config(); r.read != nil && r.read(after) {
							t.Errorf("%v refused it and has it", p)
						}
					}
					s.Close()
					if err, ok := setOn(s, r.good); ok && r.takenBy(p) && !(raw && r.cooked) {
						wantError(t, err, "set", gonng.ErrClosed)
					}
				}
			}
			_, onSockets := r.good.(gonng.RawOption)
			if onSockets && !r.elsewhere && taken == 0 {
				t.Error("no socket takes it")
			}
		})
	}
}

// contextOf is a new context of s.
func contextOf(t *testing.T, s gonng.Socket) any {
	t.Helper()
	out := reflect.ValueOf(s).MethodByName("NewContext").Call(nil)
	err, _ := out[1].Interface().(error)
	check(t, err)
	return out[0].Interface()
}

func configOf(v any) gonng.Config { return v.(interface{ Config() gonng.Config }).Config() }

// TestOptionsOfContexts: what a context has of its own it takes, keeps for itself
// and keeps whatever the socket is set to; the rest it refuses, with where it
// belongs, and has from the socket.
func TestOptionsOfContexts(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, r := range optionTable {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range haveContexts {
				s := open(t, cooked[p], gonng.WithLinger(0))
				c := contextOf(t, s)
				for _, bad := range r.bad {
					if err, ok := setOn(c, bad); ok {
						wantError(t, err, "set", gonng.ErrInvalid)
					}
				}
				err, ok := setOn(c, r.good)
				if !ok {
					continue
				}
				if !r.takenBy(p) {
					r.refused(t, err, "set")
					continue
				}
				own := slices.Contains(r.contexts, p)
				if own {
					check(t, err)
					if !r.has(configOf(c)) || r.read != nil && r.read(s.Config()) {
						t.Errorf("the context of %v has %+v, the socket %+v", p, configOf(c), s.Config())
					}
				} else {
					r.refused(t, err, "set", "belongs to the socket", "context of "+p.String())
				}
				another := contextOf(t, s)
				if err, _ := setOn(s, r.good); err != nil {
					t.Errorf("Set of %v: %v", p, err)
				}
				if r.read != nil && r.read(configOf(another)) == own {
					t.Errorf("a context of %v, which has its own: %v, has %+v after Set of the socket", p, own, configOf(another))
				}
				check(t, another.(interface{ Close() error }).Close())
				if own {
					err, _ := setOn(another, r.good)
					wantError(t, err, "set", gonng.ErrClosed)
				}
				check(t, s.Close())
			}
		})
	}
}

// TestOptionsOfEndpoints: each option for a dialer and a listener of each
// transport.
func TestOptionsOfEndpoints(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, r := range optionTable {
		t.Run(r.name, func(t *testing.T) {
			s := open(t, gonng.NewPush0, gonng.WithLinger(0), reconnect(time.Hour, 0))
			for _, tr := range gonngtest.Transports {
				knows := !r.elsewhere && (r.schemes == nil || slices.Contains(r.schemes, tr.Name))
				if o, ok := r.good.(gonng.DialOption); ok {
					opts := append(slices.Clone(tr.Dial), gonng.WithDialMode(gonng.DialBackground), o)
					d, err := s.Dial(testContext(t), vacant(t, tr), opts...)
					r.outcome(t, tr, knows, "dial", d, err)
					if err == nil {
						check(t, d.Close())
					}
				}
				if o, ok := r.good.(gonng.ListenOption); ok {
					opts := append(slices.Clone(tr.Listen), o)
					l, err := s.Listen(testContext(t), tr.URL(t), opts...)
					r.outcome(t, tr, knows, "listen", l, err)
					if err == nil {
						check(t, l.Close())
						wantError(t, l.Set(gonng.WithMaxPeers(1)), "set", gonng.ErrClosed)
					}
				}
			}
			for _, bad := range r.bad {
				if o, ok := bad.(gonng.DialOption); ok {
					_, err := s.Dial(testContext(t), "tcp://127.0.0.1:1", o)
					wantError(t, err, "dial", gonng.ErrInvalid)
				}
				if o, ok := bad.(gonng.ListenOption); ok {
					_, err := s.Listen(testContext(t), "tcp://127.0.0.1:0", o)
					wantError(t, err, "listen", gonng.ErrInvalid)
				}
			}
			if n := len(s.Dialers()) + len(s.Listeners()); n != 0 {
				t.Errorf("%d dialers or listeners are left", n)
			}
		})
	}
}

// outcome judges what came of an option for an endpoint over tr.
func (r optionRow) outcome(t *testing.T, tr gonngtest.Transport, knows bool, op string, endpoint any, err error) {
	t.Helper()
	if !knows {
		r.refused(t, err, op)
		if !r.elsewhere && err != nil {
			wantText(t, err.Error(), tr.Name+"://")
		}
		return
	}
	if err != nil {
		t.Errorf("over %s: %v", tr.Name, err)
		return
	}
	if !r.has(configOf(endpoint)) {
		t.Errorf("over %s Config is %+v", tr.Name, configOf(endpoint))
	}
	if err, ok := setOn(endpoint, r.good); r.making && ok {
		r.refused(t, err, "set", "too late")
	}
}

// TestNilOptions: an option that is nil is an error that says which, wherever it
// is given.
func TestNilOptions(t *testing.T) {
	gonngtest.NoLeaks(t)
	refused := func(err error, op string) {
		t.Helper()
		wantError(t, err, op, gonng.ErrInvalid)
		if err != nil {
			wantText(t, err.Error(), "option 2 of 2 is nil")
		}
	}
	_, err := gonng.NewPair0(gonng.WithLinger(0), nil)
	refused(err, "set")
	req := open(t, gonng.NewReq0)
	refused(req.Set(gonng.WithResendTime(1), nil), "set")
	refused(gonng.Set(req, gonng.WithLinger(1), nil), "set")
	if c := req.Config(); c.ResendTime == 1 || c.Linger == 1 {
		t.Errorf("an option beside the nil one was applied: %+v", c)
	}
	c, err := req.NewContext()
	check(t, err)
	refused(c.Set(gonng.WithRecvTimeout(1), nil), "set")
	_, err = req.Dial(testContext(t), "inproc://x", gonng.WithDialMode(gonng.DialBackground), nil)
	refused(err, "dial")
	_, err = req.Listen(testContext(t), "inproc://x", gonng.WithMaxPeers(1), nil)
	refused(err, "listen")
	rep := open(t, gonng.NewRep0)
	refused(rep.Serve(testContext(t), echo, gonng.WithConcurrency(1), nil), "serve")
}

// TestOptionsOfServe: out of range is refused at once.
func TestOptionsOfServe(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := open(t, gonng.NewRep0)
	for _, bad := range []gonng.ServeOption{gonng.WithConcurrency(0), gonng.WithConcurrency(-1), gonng.WithGracePeriod(-1)} {
		wantError(t, rep.Serve(testContext(t), echo, bad), "serve", gonng.ErrInvalid)
	}
	wantError(t, rep.Serve(testContext(t), nil), "serve", gonng.ErrInvalid)
}

// TestNilArguments: what would fail later, on a goroutine of the library, fails
// where it is given.
func TestNilArguments(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	for _, bad := range []func(){
		func() { s.OnPipe(gonng.PipeClosed, nil) },
		func() { s.OnPipe(-1, func(*gonng.Pipe) {}) },
		func() { s.OnPipe(gonng.PipeClosed+1, func(*gonng.Pipe) {}) },
	} {
		text := func() (text string) {
			defer func() { text, _ = recover().(string) }()
			bad()
			return ""
		}()
		wantText(t, text, "gonng: OnPipe(")
	}
	_, err := s.ListenOn(nil)
	wantError(t, err, "listen", gonng.ErrInvalid)
	_, err = s.Attach(testContext(t), nil)
	wantError(t, err, "attach", gonng.ErrInvalid)
	nobody := open(t, gonng.NewPair1, gonng.WithPolyamorous())
	_, connected := link(t, nobody, open(t, gonng.NewPair1), tcp)
	for _, send := range []func() error{
		func() error { return s.SendMsg(testContext(t), nil) },
		func() error { return s.TrySendMsg(nil) },
		func() error { return nobody.Pipes()[0].SendMsg(testContext(t), nil) },
		func() error { return connected.Pipes()[0].SendMsg(testContext(t), nil) },
	} {
		err := send()
		wantError(t, err, "send", gonng.ErrInvalid)
		wantText(t, fmt.Sprint(err), "the message is nil")
	}
	_, err = open(t, gonng.NewReq0).RequestMsg(testContext(t), nil)
	wantError(t, err, "send", gonng.ErrInvalid)
	want(t, gonng.Device(testContext(t), nil, openRaw(t, gonng.ProtocolBus0)), gonng.ErrInvalid)
	want(t, gonng.Set(nil, gonng.WithLinger(0)), gonng.ErrInvalid)
	// Nil is the default again.
	check(t, s.Set(gonng.WithLogger(optionLogger), gonng.WithTLS(optionTLS), gonng.WithDialContext(new(net.Dialer).DialContext),
		gonng.WithCheckOrigin(func(*http.Request) bool { return true }), gonng.WithHTTPHeader(http.Header{"X": {"y"}}),
		gonng.WithAuthorize(func(context.Context, *gonng.Pipe) error { return errors.New("no") }), gonng.WithName("x")))
	check(t, s.Set(gonng.WithLogger(nil), gonng.WithTLS(nil), gonng.WithDialContext(nil),
		gonng.WithCheckOrigin(nil), gonng.WithHTTPHeader(nil), gonng.WithAuthorize(nil), gonng.WithName("")))
	if c := s.Config(); c.Logger != nil || c.TLS != nil || c.DialContext != nil || c.CheckOrigin != nil || len(c.HTTPHeader) != 0 || c.Authorize != nil {
		t.Errorf("Config is %+v", c)
	}
	if s.Name() != "pair" {
		t.Errorf("Name is %q", s.Name())
	}
}

// TestNames of events and modes.
func TestNames(t *testing.T) {
	for want, v := range map[string]interface{ String() string }{
		"connecting": gonng.PipeConnecting, "connected": gonng.PipeConnected, "closed": gonng.PipeClosed, "PipeEvent(7)": gonng.PipeEvent(7),
		"retry": gonng.DialRetry, "wait": gonng.DialWait, "background": gonng.DialBackground, "DialMode(-1)": gonng.DialMode(-1),
	} {
		if v.String() != want {
			t.Errorf("got %q, want %q", v, want)
		}
	}
}
