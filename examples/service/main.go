// Command service is a service by rpc as one would run it: its callers prove by TLS
// certificates who they are, it logs each call, tells whether it is well, and when it is
// stopped by SIGTERM or an interrupt it answers what it has begun. Each PEM file of -cert
// has a certificate of the authority in -ca, with its key:
//
//	go run ./examples/service -ca ca.pem -cert server.pem -listen tls+tcp://127.0.0.1:5556
//	go run ./examples/service -ca ca.pem -cert client.pem -dial tls+tcp://127.0.0.1:5556 world
//	go run ./examples/service -ca ca.pem -cert client.pem -dial tls+tcp://127.0.0.1:5556 -health
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/rpc"
)

var (
	ca     = flag.String("ca", "", "`file` with the authority of all certificates")
	cert   = flag.String("cert", "", "`file` with the own certificate and key")
	listen = flag.String("listen", "", "`URL` to serve at")
	work   = flag.Duration("work", 0, "how long a greeting takes")
	dial   = flag.String("dial", "", "`URL` of the service to call")
	health = flag.Bool("health", false, "ask the service whether it is well")
)

type (
	greeting struct{ Name string }
	answer   struct{ Text, Caller string }
	status   struct{ State, Up string }
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := call
	if *listen != "" {
		run = serve
	}
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	config, err := gonng.TLSConfig{Mode: gonng.TLSServer, CAFiles: []string{*ca}, CertKeyFile: *cert, AuthMode: gonng.AuthRequired}.Build()
	if err != nil {
		return err
	}
	rep, err := gonng.NewRep0(gonng.WithListen(*listen, gonng.WithTLS(config)), gonng.WithLogger(slog.Default()))
	if err != nil {
		return err
	}
	defer rep.Close()
	started := time.Now()
	s := rpc.NewServer(rpc.WithInterceptor(logCall))
	rpc.Handle(s, "health", func(context.Context, struct{}) (status, error) {
		return status{"serving", time.Since(started).String()}, nil
	})
	rpc.Handle(s, "greet", func(ctx context.Context, in greeting) (answer, error) {
		if in.Name == "" {
			return answer{}, rpc.Errorf(rpc.CodeInvalidArgument, "whom shall I greet?")
		}
		select {
		case <-time.After(*work):
			return answer{"hello, " + in.Name, caller(ctx)}, nil
		case <-ctx.Done(): // the deadline of the caller, or the grace period is over
			return answer{}, ctx.Err()
		}
	})
	slog.Info("serving", "url", rep.ListenURL())
	return rep.Serve(ctx, s.Serve, gonng.WithConcurrency(64), gonng.WithGracePeriod(8*time.Second))
}

// caller is the name in the certificate of who calls.
func caller(ctx context.Context) string {
	return rpc.IncomingPipe(ctx).TLS().PeerCertificates[0].Subject.CommonName
}

// logCall is an interceptor.
func logCall(ctx context.Context, method string, next func(context.Context) error) error {
	begin := time.Now()
	slog.Info("called", "method", method, "caller", caller(ctx))
	err := next(ctx)
	slog.Info("answered", "method", method, "code", rpc.CodeOf(err).String(), "took", time.Since(begin), "error", err)
	return err
}

func call(ctx context.Context) error {
	config, err := gonng.TLSConfig{Mode: gonng.TLSClient, CAFiles: []string{*ca}, CertKeyFile: *cert}.Build()
	if err != nil {
		return err
	}
	req, err := gonng.NewReq0(gonng.WithDial(*dial, gonng.WithTLS(config), gonng.WithDialMode(gonng.DialWait)))
	if err != nil {
		return err
	}
	defer req.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c := rpc.NewClient(req)
	if *health {
		out, err := rpc.Call[status](ctx, c, "health", struct{}{})
		fmt.Println(out.State, out.Up)
		return err
	}
	out, err := rpc.Call[answer](ctx, c, "greet", greeting{flag.Arg(0)})
	fmt.Println(out.Text)
	return err
}
