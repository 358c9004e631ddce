package rpc_test

import (
	"context"
	"crypto/subtle"
	"errors"
	"expvar"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/rpc"
)

type Greeting struct{ Name string }

type Answer struct{ Text string }

func greet(_ context.Context, in Greeting) (Answer, error) {
	if in.Name == "" {
		return Answer{}, rpc.Errorf(rpc.CodeInvalidArgument, "whom shall I greet?")
	}
	return Answer{"hello, " + in.Name}, nil
}

// connected serves s, and returns a socket to call it by. A program has errors to look at
// here, and mostly one of the two.
func connected(s *rpc.Server) (req *gonng.Req0, close func()) {
	rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0"))
	if err != nil {
		log.Fatal(err)
	}
	go rep.Serve(context.Background(), s.Serve, gonng.WithConcurrency(64))
	req, err = gonng.NewReq0(gonng.WithDial(rep.ListenURL()))
	if err != nil {
		log.Fatal(err)
	}
	return req, func() { req.Close(); rep.Close() }
}

func Example() {
	s := rpc.NewServer()
	rpc.Handle(s, "greet", greet)
	req, stop := connected(s)
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := rpc.NewClient(req)
	out, err := rpc.Call[Answer](ctx, c, "greet", Greeting{"Ann"})
	fmt.Println(out.Text, err)

	_, err = rpc.Call[Answer](ctx, c, "greet", Greeting{})
	var e *rpc.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, "/", e.Message)
	}
	// Output:
	// hello, Ann <nil>
	// InvalidArgument / whom shall I greet?
}

// With Once a call is never sent again, so that the method does not run twice.
func ExampleOnce() {
	s := rpc.NewServer()
	rpc.Handle(s, "greet", greet)
	req, stop := connected(s)
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := rpc.Call[Answer](ctx, rpc.NewClient(req), "greet", Greeting{"Bob"}, rpc.Once())
	if rpc.CodeOf(err) == rpc.CodeUnavailable {
		fmt.Println("Bob may have been greeted")
	}
	fmt.Println(out.Text)
	// Output: hello, Bob
}

func ExampleWithHeader() {
	s := rpc.NewServer()
	rpc.Handle(s, "greet", func(ctx context.Context, in Greeting) (Answer, error) {
		if rpc.IncomingHeader(ctx).Get("language") == "de" {
			rpc.SetReplyHeader(ctx, "language", "de")
			return Answer{"hallo, " + in.Name}, nil
		}
		return greet(ctx, in)
	})
	req, stop := connected(s)
	defer stop()

	var h rpc.Header
	out, _ := rpc.Call[Answer](context.Background(), rpc.NewClient(req), "greet", Greeting{"Ann"},
		rpc.WithHeader("language", "de"), rpc.ReplyHeader(&h))
	fmt.Println(out.Text, h)
	// Output: hallo, Ann map[language:de]
}

// Details tell a program more than the code does.
func ExampleError() {
	s := rpc.NewServer()
	rpc.Handle(s, "reserve", func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, &rpc.Error{Code: rpc.CodeResourceExhausted, Message: "try later", Details: []byte("30s")}
	})
	req, stop := connected(s)
	defer stop()

	_, err := rpc.Call[struct{}](context.Background(), rpc.NewClient(req), "reserve", struct{}{})
	var e *rpc.Error
	if errors.As(err, &e) && e.Code == rpc.CodeResourceExhausted {
		fmt.Printf("%s in %s\n", e.Message, e.Details)
	}
	// Output: try later in 30s
}

// Logs, of a server or of a client, by package slog.
func ExampleInterceptor_logs() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logs := func(ctx context.Context, method string, next func(context.Context) error) error {
		begin := time.Now()
		err := next(ctx)
		logger.InfoContext(ctx, "rpc", "method", method, "code", rpc.CodeOf(err).String(), "took", time.Since(begin))
		return err
	}
	s := rpc.NewServer(rpc.WithInterceptor(logs))
	rpc.Handle(s, "greet", greet)
	req, stop := connected(s)
	defer stop()
	rpc.Call[Answer](context.Background(), rpc.NewClient(req), "greet", Greeting{})
	// Output: level=INFO msg=rpc method=greet code=InvalidArgument
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "took" {
		return slog.Attr{}
	}
	return a
}

// Metrics, here by package expvar: calls by method and code.
func ExampleInterceptor_metrics() {
	calls := new(expvar.Map)
	metrics := func(ctx context.Context, method string, next func(context.Context) error) error {
		err := next(ctx)
		calls.Add(method+" "+rpc.CodeOf(err).String(), 1)
		return err
	}
	s := rpc.NewServer(rpc.WithInterceptor(metrics))
	rpc.Handle(s, "greet", greet)
	req, stop := connected(s)
	defer stop()
	c := rpc.NewClient(req)
	for _, name := range []string{"Ann", "", "Bob"} {
		rpc.Call[Answer](context.Background(), c, "greet", Greeting{name})
	}
	fmt.Println(calls)
	// Output: {"greet InvalidArgument": 1, "greet OK": 2}
}

// Authentication by TLS certificate: the listener has a [tls.Config] that asks for
// certificates, and the interceptor decides what whose certificate may do.
func ExampleInterceptor_certificate() {
	allowed := map[string]string{"greet": "ann.example.org"}
	certified := func(ctx context.Context, method string, next func(context.Context) error) error {
		state := rpc.IncomingPipe(ctx).TLS()
		if state == nil || len(state.VerifiedChains) == 0 {
			return rpc.Errorf(rpc.CodeUnauthenticated, "a client certificate is needed")
		}
		if state.PeerCertificates[0].VerifyHostname(allowed[method]) != nil {
			return rpc.Errorf(rpc.CodePermissionDenied, "the certificate is not for %s", method)
		}
		return next(ctx)
	}
	s := rpc.NewServer(rpc.WithInterceptor(certified))
	rpc.Handle(s, "greet", greet)
	req, stop := connected(s) // by tcp, not TLS
	defer stop()
	_, err := rpc.Call[Answer](context.Background(), rpc.NewClient(req), "greet", Greeting{"Ann"})
	fmt.Println(err)
	// Output: gonng: rpc: Unauthenticated: a client certificate is needed
}

type callerKey struct{}

// Authentication by header: an interceptor of the client adds a token, and one of the
// server tells the method who calls. Use it over TLS: a token is a secret.
func ExampleInterceptor_header() {
	tokens := map[string]string{"Ann": "5e0f"}
	authenticate := func(ctx context.Context, method string, next func(context.Context) error) error {
		name, token, _ := strings.Cut(rpc.IncomingHeader(ctx).Get("authorization"), " ")
		known := tokens[name]
		if known == "" || subtle.ConstantTimeCompare([]byte(token), []byte(known)) == 0 {
			return rpc.Errorf(rpc.CodeUnauthenticated, "no good token")
		}
		return next(context.WithValue(ctx, callerKey{}, name))
	}
	s := rpc.NewServer(rpc.WithInterceptor(authenticate))
	rpc.Handle(s, "who", func(ctx context.Context, _ struct{}) (string, error) {
		return ctx.Value(callerKey{}).(string), nil
	})
	req, stop := connected(s)
	defer stop()

	addToken := func(ctx context.Context, method string, next func(context.Context) error) error {
		rpc.OutgoingHeader(ctx).Set("authorization", "Ann 5e0f")
		return next(ctx)
	}
	name, err := rpc.Call[string](context.Background(), rpc.NewClient(req, rpc.WithInterceptor(addToken)), "who", struct{}{})
	fmt.Println(name, err)
	_, err = rpc.Call[string](context.Background(), rpc.NewClient(req), "who", struct{}{})
	fmt.Println(err)
	// Output:
	// Ann <nil>
	// gonng: rpc: Unauthenticated: no good token
}

// A Server recovers from panics by itself. An interceptor that does so first can count
// them, or end the program.
func ExampleInterceptor_recovery() {
	recovery := func(ctx context.Context, method string, next func(context.Context) error) (err error) {
		defer func() {
			if r := recover(); r != nil {
				fmt.Println("reported:", method, r)
				err = rpc.Errorf(rpc.CodeInternal, "something went wrong, and was reported")
			}
		}()
		return next(ctx)
	}
	s := rpc.NewServer(rpc.WithInterceptor(recovery))
	rpc.Handle(s, "divide", func(_ context.Context, by int) (int, error) { return 1 / by, nil })
	req, stop := connected(s)
	defer stop()
	_, err := rpc.Call[int](context.Background(), rpc.NewClient(req), "divide", 0)
	fmt.Println(err)
	// Output:
	// reported: divide runtime error: integer divide by zero
	// gonng: rpc: Internal: something went wrong, and was reported
}
