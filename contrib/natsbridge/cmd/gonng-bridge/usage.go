package main

const usage = `Usage: gonng-bridge <socket> <side of NATS> [<option>...]

It joins a socket of Scalability Protocols and NATS until it is interrupted.

  --rep <url> --stream <s> [--subject <x>]
      A request is stored in the stream, then the reply says so. At least once: a
      requester that got a reply can be sure, one that got none asks again.
  --stream <s> --durable <d> --req <url>
      A stored message becomes a request to a worker, whose reply acknowledges it.
      At least once, in order with one worker while none fails.
  --pull <url> --stream <s> [--subject <x>]
  --stream <s> [--durable <d>] --push <url>
      As good as push and pull: what a process had accepted is lost when it is
      killed. Without --durable all that the stream has is pushed at each start.
  --sub <url> [--topics <a,b>] --nats <x>
  --nats <x> --pub <url>
      Core NATS, at most once. A message that begins with the topic a becomes
      what follows, on the subject x.a; and back.
  --rep <url> --nats <x>
  --nats <x> --req <url>
      Requests across the border. Where nobody answers, a caller that speaks rpc
      gets an error at once, another one no reply.

The socket: --rep, --pull and --pub listen, --req, --push and --sub dial. The
option may be given more than once.
  --dial, --listen       do the other
  --cacert <file>        trust the certificates in the file; where it listens: ask
                         for one that they have signed
  --cert <file>          our certificate
  --key <file>           its key, if that is not in the same file
  --insecure             do not verify the peer
  --recv-maxsz <bytes>   the largest message to receive (default 1048576, 0: any)

NATS:
  --server <url>[,...]   default $NATS_URL, or nats://127.0.0.1:4222; it may have
                         user and password, tls:// asks for TLS
  --creds <file>         --nkey <file>  who we are
  --tlsca <file>         trust the certificates in the file
  --tlscert <file> --tlskey <file>  our certificate and its key

Work:
  --headers              the body of a message begins with its header in NATS, from
                         "NATS/1.0" to an empty line; Nats-Msg-Id among them lets
                         the stream drop what was sent twice
  --in-flight <n>        messages worked on at the same time (default 256)
  --timeout <time>       how long a reply may take (default 30s)
  --pause <time>         how long a message whose worker failed waits (default 1s)
  --max-deliver <n>      after so many deliveries a message whose worker failed
                         again goes to the dead (default: never)
  --dead <subject>       the subject for the dead; a stream must store it
  --ack-wait <time>      after how long a message is delivered again when the
                         bridge was killed, for a new consumer (default 30s)
  --grace <time>         how long to finish what was begun after a signal (default 5s)

Other:
  --monitor <address>    serve a page there that shows what happens inside:
                         host:port, where :port is 127.0.0.1 and port 0 any
  --verbose, -v          log connections, too
  --silent               log nothing
  --version

A server, a peer or a worker that is away is waited for, and connected to again. The
URLs where it listens are printed, with their real ports, when all is ready.

The exit code is 0 when a signal has ended it and all that it had begun is finished,
1 when something fails or is left over, 2 for wrong arguments.
`
