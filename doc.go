/*
Package gonng speaks the Scalability Protocols: programs exchange messages in
a few fixed patterns, over several transports, with peers that come and go. It
talks to nanomsg, nng, mangos and pynng. It is written in Go and needs no C
library.

A program opens a socket of the pattern it wants and lets it dial or listen at
any number of URLs, in any order. The socket makes the connections, makes them
again when they are lost, and finds a peer for each message:

	package main

	import (
		"context"
		"fmt"
		"log"

		"github.com/gonng/gonng"
	)

	func main() {
		ctx := context.Background()

		rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:13131"))
		if err != nil {
			log.Fatal(err)
		}
		defer rep.Close()
		go rep.Serve(ctx, func(_ context.Context, request *gonng.Message) ([]byte, error) {
			return []byte("hello, " + string(request.Bytes())), nil
		})

		req, err := gonng.NewReq0(gonng.WithDial("tcp://127.0.0.1:13131"))
		if err != nil {
			log.Fatal(err)
		}
		defer req.Close()
		reply, err := req.Request(ctx, []byte("world"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(reply)) // hello, world
	}

# Where to look

The sockets share most of their methods, which [Socket], [Sender] and [Receiver] explain.
What to look for by task:

	ask and answer                  Req0.Request, Rep0.Serve; rpc for calls of methods
	share work out                  NewPush0, NewPull0; Req0.Request if none may be lost
	publish, subscribe              NewPub0, NewSub0, WithTopics, Socket.WaitPeers
	ask everybody                   Surveyor0.Survey, Respondent0.Serve
	talk to one peer, or to each    NewPair0; NewPair1, WithPolyamorous, Pipe.Send
	connect                         WithListen, WithDial, Socket.Dial, WithDialMode
	wait no longer than …           ctx, WithRecvTimeout, WithSendTimeout, Receiver.TryRecv
	receive in a loop               Receiver.All, Receiver.Messages, Receiver.RecvInto
	many conversations at once      NewContext of Req0, Rep0, Sub0, Surveyor0, Respondent0
	end                             Socket.Close, Socket.Shutdown, WithLinger, WithGracePeriod
	encrypt, and know who is there  WithTLS, TLSConfig, WithAuthorize, Pipe.TLS, Pipe.PeerCred
	use one's own server or socket  Listener.Handler, Socket.ListenOn, Socket.Attach
	hear of peers                   Socket.OnPipe, Socket.Pipes, OnEvent
	find out what is lost           Socket.Stats, WithLogger, package monitor
	forward                         NewRaw, Device
	test                            package gonngtest

The pages in docs have a cookbook, and a page for each pattern, for delivery, errors and
troubleshooting.

# Patterns

Each pattern has one socket type a side. A type has only the methods that its
side can do: there is no Send on a [Sub0].

	Pair0                     one to one, both ways
	Pair1                     the same; with WithPolyamorous one to many, where the
	                          program says which peer a message goes to
	Req0, Rep0                a request to one of the repliers, and its reply
	Push0, Pull0              work: each message to one of the pullers, in turn
	Pub0, Sub0                news: each message to everybody who subscribed to a
	                          topic that it begins with
	Surveyor0, Respondent0    a question to everybody, answers until a deadline
	Bus0                      each message to every directly connected peer

Which side dials and which listens does not matter. Messages that must not be
lost belong on Push0, Pair0 or Req0, which wait for a slow peer; messages that
are worthless when late belong on Pub0, Surveyor0 or Bus0, which do not wait.

[NewRaw] makes a socket of any protocol without its state, for devices.

# Transports

A URL says how and where:

	inproc://name         inside this process; the name may be anything
	ipc:///path           a Unix socket; ipc://path is relative to the working
	                      directory, and unix:// is another name of ipc://; on
	                      Windows the named pipe \\.\pipe\path, as with nng
	abstract://name       a Unix socket without a file (Linux); other bytes than
	                      letters and digits may be percent-encoded
	tcp://host:port       TCP; tcp4:// and tcp6:// insist on that version of IP
	tls+tcp://host:port   TLS over TCP, likewise tls+tcp4:// and tls+tcp6://; see
	                      below
	ws://host:port/path   WebSocket, over TLS wss://; likewise with 4 and 6 behind ws
	                      and wss; Listener.Handler puts it on the program's own
	                      HTTP server
	socket://3            descriptor 3, which the process has inherited: to dial, a
	                      connected socket, which works once; to listen, a
	                      listening one (Unix)

In front of a URL of TCP, TLS or WebSocket, to dial:

	dns+tcp://name:port   every address that the name has, see below
	dnssrv+tcp://_service._proto.name
	                      the targets of the name's SRV records, each at its port

To listen, the host of a TCP or TLS URL may be empty or * for every interface, and
the port 0 for a free one, which [Listener.URL] then tells; abstract:// without a
name lets the kernel choose one, too. To dial, the host may be a name, which is
looked up at every attempt, or empty for this machine. The port of ws:// is 80 if
there is none, that of wss:// 443.

Who may connect to a Unix socket [WithIPCPermissions] says, and to a named pipe
[WithIPCSecurityDescriptor]; who did connect [Pipe.PeerCred] tells.

TLS takes a [*tls.Config] of package crypto/tls by [WithTLS], as it is. A
listener needs a certificate. A dialer verifies that of its peer, which must be
for the host in the URL, a name or an address, and trusts the system's
authorities if it is told nothing else. [TLSConfig] makes a configuration in the
terms of nng and pynng. [Pipe.TLS] says who the peer is.

URLs of TCP and TLS may do without the slashes, as in pynng's documentation:
tls+tcp:127.0.0.1:1313.

[Socket.ListenOn] and [Socket.Attach] take a [net.Listener] or [net.Conn] from
the program instead: those of systemd's socket activation, for instance, see
[SystemdListeners]. Package transport is the contract for transports of one's
own.

Web pages connect to ws:// and wss:// by sp.js, which package spjs serves. gonng itself can be
compiled to WebAssembly (GOOS=js GOARCH=wasm): it then dials ws:// and wss://, and inproc://
works; everything else is ErrNotSupported there. docs/browser.md tells about both.

# Connections

A socket sends and receives over all its connections, which are called pipes.
A program may dial before anybody listens: a [Dialer] tries again until the peer
is there, and again when it has gone, after pauses that grow
([WithReconnectTime]). A send that needs a peer waits for one, or with
[WithSendBuffer] the message does. [Socket.WaitPeers] waits for connections, so
that a publisher does not publish to nobody. [Socket.OnPipe] calls a function
when a pipe connects or ends.

A listener decides over a peer before it answers it. It refuses a peer of the
wrong protocol, one that has not introduced itself within 5 seconds, one that a
[PipeConnecting] hook or the function of [WithAuthorize] refuses, one for which
there is no place ([WithMaxPeers], the second peer of a pair). The Dial of a
refused peer fails; see [WithDialMode].

# Names with many addresses

A plain URL leads to one connection, also if its name has several addresses. With
dns+ in front of it (dns+tcp, dns+tls+tcp, dns+ws, dns+wss and those with 4 or 6) a
[Dialer] connects to each address, and keeps up with changes: it looks the name up
every 10 seconds at most ([WithResolveInterval], [WithResolver]). So a Push0 shares
its work out among all replicas of a service, and a Req0, which asks the one with
the fewest unanswered requests, is a load balancer on the side of the client.

  - The addresses are of one family, IPv4 if there are any, or else IPv6; dns+tcp6
    insists on IPv6. While a name moves from one family to the other, the dialer
    connects to addresses of the new one when the last of the old is retired.
  - A look-up that fails, or finds nothing, changes nothing. An address is retired
    when three look-ups in a row have succeeded without it: nothing new is sent to
    the peer, neither requests nor what is published; what was accepted is written
    and answered; then the connection is closed.
  - With dnssrv+ those targets count that have the lowest priority number; weights
    do not count. The name after _service._proto, not the target's, is what the
    certificate of a peer must be for, and the Host of a ws request.
  - Dial waits for the outcome at each address, though for one second at most once
    it is connected to one. It fails when it has reached none.
  - The addresses are connected to directly: a ws proxy that the environment names
    makes attempts fail.

# Timeouts and contexts

Whatever can wait takes a [context.Context] and returns soon after it ends; only
Close has the linger instead, see [WithLinger]. A context that is nil is a
mistake of the program, and the call may panic, as in the standard library.
[WithSendTimeout] and [WithRecvTimeout] bound each call beside it; by default
they do not. The methods that begin with Try never wait.

A [context.Context] bounds a call. A context of this package is something else:
Req0, Rep0, Sub0, Surveyor0 and Respondent0 keep state between calls, such as
the request that a reply belongs to. The socket has one such state; NewContext
makes another on the same connections, so that one socket can have many
requests in progress. [Req0.Request], [Rep0.Serve], [Respondent0.Serve] and
[Surveyor0.Survey] make the contexts that they need.

# Concurrency

All methods of sockets, contexts, pipes, dialers and listeners may be called
from any goroutine at any time, also from hooks. Goroutines that ask or answer
need a context each: a second receive at the same time on one Req0, Rep0 or
Respondent0 is ErrBadState, and a second request takes the place of the first,
whose receive then fails with ErrCanceled. A [Message] belongs to one goroutine
at a time.

Messages that one peer sends over one connection are received in the order in
which it sent them.

After Close has returned no goroutine of the socket is left, except hooks that
are still running.

# Memory

Send copies: the slice is the caller's again when it returns. SendMsg takes its
message over when it succeeds, and spares the copy of a body above 16 KiB.

A Push0 or a pair with one peer, to which nothing else waits to be written, writes
a message of 512 KiB or more before Send or SendMsg returns, and does not copy it,
over tcp and ipc on Unix. It does so only without [WithSendBuffer], and while the
peer takes 1 MiB or more in 10 ms (of a message above 8 MiB in as much longer as the
message is larger): what a slower one has not taken is copied and sent in the
background.

Recv returns a slice that is the caller's. RecvInto copies into the caller's
buffer and does not allocate. RecvMsg does not copy: what [Message.Bytes] returns
ends with [Message.Free]. Freeing is optional, and saves garbage collection.
The body of a message is never changed, because it may be shared.

# What can be lost

A message that Send accepted is on its way. Only an answer tells that it has
arrived. Where a message can be lost, [Stats] counts it under a reason:

  - Pub0, Surveyor0 and Bus0 never wait. A peer whose queue is full loses the
    message (DroppedFull, on the socket and on the pipe). The queue of each peer
    holds 4 MiB, or as many messages as [WithSendBuffer] says. A message that
    is sent while nobody is connected reaches nobody, which is not counted.
  - A Sub0 never holds up its publisher. When its queue is full it drops the
    oldest message, or the newest with [WithPreferNew](false), and a survey
    drops its oldest response (DroppedFull). The queue holds 4 MiB, or as many
    messages as [WithRecvBuffer] says. So nothing is lost between a Pub0 and a
    Sub0 that stay connected unless 4 MiB, which is some 50,000 messages of 64
    bytes, wait at one of them; and to the message, what was published is what
    the publisher's pipe and the subscriber dropped, what the subscriber
    filtered, and what it received.
  - A polyamorous Pair1 drops messages for a pipe that is full (DroppedFull) or
    has gone (NoPeer), and so do a raw Rep0 and Respondent0. A reply or response
    for a peer that has gone is dropped (NoPeer).
  - When a connection is lost, so is what had been accepted for it but not
    handed to the operating system (Unsent), and, uncounted, what the operating
    system had not delivered. Only requests are sent again: to another peer at
    once, or when [WithResendTime] is over. A request is not sent again once its
    receive has ended by its timeout or ctx.
  - What [WithSendBuffer] held while no peer was connected is dropped when the
    socket closes (Unsent).
  - What arrives and makes no sense, or no sense any more, is dropped:
    Malformed, TTLExceeded, TooLarge, Truncated, Unexpected, LateReplies,
    Filtered.

The other sockets lose nothing to a slow peer. When the queue of a peer is full,
which holds 128 KiB or as many messages as WithSendBuffer says, and always one, Send waits, or
sends to another peer where there is a choice. Rep0 and Respondent0 queue the
reply and read no more of that peer until it has taken its replies. What a peer
sent before it went can still be received.

Close writes what Send accepted, for at most the linger (one second, see
[WithLinger]); Shutdown does the same for as long as its context allows. Their
error says how many messages were left, and how many peers had not confirmed
what they were sent. Messages that have arrived and were not received are
discarded. No error means that the operating system has everything, not that the
peer has: what is on its way when a cable is pulled, or waits at a puller that is
killed, is lost without a count.

A socket with a logger ([WithLogger]) logs dropped messages once an episode, not
each of them. An episode ends when the queue that was full is empty again, and
elsewhere when nothing was dropped for a minute.

[Events] has what has happened to the sockets of a process, with or without a
logger: peers that came, went or were refused, failures to dial, drops that began
and ended. Package monitor shows it, with all counters, on a page.

# Errors

Methods of sockets, and of what belongs to them, return an [*OpError], which says
what failed, where and why, and wraps one of the constants of type [Error]; other
functions return errors that wrap one. Compare with [errors.Is], also against
the standard library's: ErrTimeout is [os.ErrDeadlineExceeded] (and
[context.DeadlineExceeded] if it was the context's deadline), ErrClosed is
[net.ErrClosed], ErrCanceled is [context.Canceled], ErrNoEntry is
[io/fs.ErrNotExist], ErrPermission is [io/fs.ErrPermission], ErrExists is
[io/fs.ErrExist].

# Raw mode and devices

A [Raw] socket has the connections and queues of its protocol, but no state: the
program sees and writes the protocol headers. [Device] joins two raw sockets into
a forwarder, so that requests, say, cross from one network to another and their
replies find the way back. A message that passes through too many nodes is
dropped, see [WithTTL].

# Coming from nng or pynng

The names are those of nng and pynng where Go has no other custom. The
documentation of each name says what it is called there.

	pynng                             gonng
	Pair0(listen=url)                 NewPair0(WithListen(url))
	Pair0(dial=url)                   NewPair0(WithDial(url))
	dial(url)                         Dial(ctx, url)
	dial(url, block=True)             Dial(ctx, url, WithDialMode(DialWait))
	dial(url, block=False)            Dial(ctx, url, WithDialMode(DialBackground))
	Pair0(dial=url, block_on_dial=b)  NewPair0(WithDial(url), WithDialMode(mode))
	send(b), asend(b)                 Send(ctx, b)
	recv(), arecv()                   Recv(ctx)
	recv(block=False)                 TryRecv()
	recv_msg(), arecv_msg()           RecvMsg(ctx)
	new_context()                     NewContext()
	msg.bytes, msg.pipe               m.Bytes(), m.Pipe()
	add_pre_pipe_connect_cb(f)        OnPipe(PipeConnecting, f)
	add_post_pipe_connect_cb(f)       OnPipe(PipeConnected, f)
	add_post_pipe_remove_cb(f)        OnPipe(PipeClosed, f)
	recv_timeout=100                  WithRecvTimeout(100*time.Millisecond)
	recv_buffer_size=n                WithRecvBuffer(n)
	recv_max_size=n                   WithRecvMaxSize(n)
	reconnect_time_min, _max          WithReconnectTime(min, max)
	local_address                     Listener.Addr, Pipe.LocalAddr
	tls_config=TLSConfig(...)         WithTLS(config), made by TLSConfig{...}.Build()
	except Timeout                    errors.Is(err, ErrTimeout)

Sends have the same options with Send in place of Recv. The exceptions of pynng
have their names here with Err before them, but for InvalidOperation
(ErrInvalid), DestinationUnreachable (ErrUnreachable), PermissionDenied
(ErrPermission), OutOfFiles (ErrNoFiles), OutOfSpace (ErrNoSpace),
AlreadyExists (ErrExists), ProtocolError (ErrProtocol), CryptoError (ErrCrypto)
and AuthenticationError (ErrPeerAuth). [Error.Code] is nng's number.
*/
package gonng
