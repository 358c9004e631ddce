/*
Package rpc calls methods over Req0 and Rep0: a request names a method and has its
argument, and the reply has the result or an error with a code.

	rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:5555"))
	…
	s := rpc.NewServer()
	rpc.Handle(s, "greet", func(ctx context.Context, in Greeting) (Answer, error) {
		if in.Name == "" {
			return Answer{}, rpc.Errorf(rpc.CodeInvalidArgument, "no name")
		}
		return Answer{"hello, " + in.Name}, nil
	})
	err = rep.Serve(ctx, s.Serve, gonng.WithConcurrency(64))

	req, err := gonng.NewReq0(gonng.WithDial("tcp://127.0.0.1:5555"))
	…
	c := rpc.NewClient(req)
	out, err := rpc.Call[Answer](ctx, c, "greet", Greeting{"Ann"})

A call is one request and one reply. For a stream of answers use a Surveyor0 ([gonng.Surveyor0.Survey])
or a Pub0; this package has no streams.

Connections, transports, TLS, limits, reconnecting, and which of several repliers gets a
call are those of the sockets: see package gonng. The end of a service is, too:
[gonng.Rep0.Serve] lets the methods that run end, and sends their replies.

# Both ends opt in

Requests and replies have an envelope, whose bytes are in docs/wire.md. What does not
speak it causes an error that says so, and is never taken for something else:

  - A call that a Rep0 answers by other means, also one that sends the request back,
    fails with CodeUnimplemented, and the error is [gonng.ErrProtocol].
  - A Req0 that asks a Server by other means gets a reply with a sentence that says what
    it has reached. The Server logs the first such request of a connection.

A Rep0 without this package sees a request that begins with the byte 0xf5 and "gonng?".

# Sent again

A call is a [gonng.Req0.Request]. When the replier that it was sent to goes away before it
has replied, or is silent for the resend time, the call is sent again: to another replier,
or to the same one when it is back. The caller notices nothing. But the first replier may
have run the method, or be running it still, so that it runs twice or more.

That is what one wants of a method that only reads, or that does the same when it is
called again, such as one that sets a value. For a method that must not run twice, such as
a payment, there are two ways:

  - Give each call a number of its own in the argument, and have the method look up, where
    it stores its result, whether it has done that number. The call is then done once
    however often it is sent.
  - Pass [Once]. The call is never sent again: when its replier goes away, it ends with
    CodeUnavailable, and the caller does not know whether the method has run. Bound such a
    call by a deadline, as a replier that is there and silent does not end it.

A method that is expensive can look at its ctx: the caller's deadline ends it. But when the
caller is canceled the method goes on, since the protocol has no way to tell it, and its
reply is dropped.

The deadline travels as the time that is left, so that the clocks of two machines need not
agree. It begins anew when a worker of Serve takes the request: what the request has spent
in queues, or until it was sent again, is added. The caller returns in time nevertheless.

# Cost

A call with JSON of a small struct takes about 1.1 times as long as a request of the same
size; the benchmark of this package measures both:

	go test -run '^$' -bench Call -cpu 1 github.com/gonng/gonng/rpc

# Errors

Every error of [Call] is an [*Error] with a [Code]. One that a method returns travels with
its code, text and details. Any other error of a method travels as CodeUnknown with its
text, so do not put into it what the caller must not know. A panic travels as CodeInternal
without its text.

# Around calls

An [Interceptor] is a function around each call, at either end; see the examples for logs,
metrics, authentication by certificate and by header, and recovery. A [Propagator] carries
traces; module github.com/gonng/gonng/contrib/otelgonng has that of OpenTelemetry, and an
interceptor that makes spans. A [Codec] is what turns arguments and results into bytes:
[JSON], or protobuf of module github.com/gonng/gonng/contrib/proto.
*/
package rpc
