package main

import (
	"fmt"
	"io"
)

func catUsage(w io.Writer) { fmt.Fprint(w, catUsageText) }

const catUsageText = `Usage: gonng cat <protocol> <address>... [<format>] [<option>...] [<source>]

<protocol> is one of:
  --req0 --rep0 --pub0 --sub0 --push0 --pull0 --surveyor0 --respondent0 --bus0
  --pair0 --pair1        (all but pair also without the 0)
  --pair                 (pair1; with --compat pair0)

<address> is one or more of:
  --dial <url>           (or --connect <url>)
  --listen <url>         (or --bind <url>)
  --connect-local <port> (or -l <port>)  dial tcp://127.0.0.1:<port>
  --bind-local <port>    (or -L <port>)  listen there
  --connect-ipc <path>   (or -x <path>)  dial ipc:///<path>
  --bind-ipc <path>      (or -X <path>)  listen there

<format> says how messages are printed; without one they are not:
  --format <no|raw|ascii|quoted|hex|msgpack|lines|json>
  --raw                  as they are
  --ascii                (or -A)  with . for what cannot be printed
  --quoted               (or -Q)  as C strings, one a line
  --hex                  as C strings of \x escapes, one a line
  --msgpack              as MessagePack's bin
  --json                 as one object a line: time, pipe, peer, topic, and the
                         body, or base64 where that is not text
  --lines                as lines; see also <source>

<option> is any of:
  --subscribe <topic>    only with --sub0; more than once for more topics
  --count <n>            (or -C <n>)     end after so many messages or exchanges
  --delay <seconds>      (or -d <seconds>)  wait before the first send
  --interval <seconds>   (or -i <seconds>)  send again and again
  --recv-timeout <seconds>
  --send-timeout <seconds>
  --recv-maxsz <bytes>   (or -Z <bytes>)  the largest message to receive
  --async                do not wait for connections
  --compat               --async, and --pair is pair0
  --exec <command>       answer a request with what the shell command prints; the
                         request is its input. It takes the place of <source>
  --stats                print at the end what was sent, received and dropped
  --verbose              (or -v)  print addresses, log connections
  --silent               (or -q)  log nothing
  --monitor <address>    serve a page there that shows what happens inside:
                         host:port, where :port is 127.0.0.1 and port 0 any
  --record <file>        append what is received to a recording, for gonng replay
  --cacert <file>        trust the certificates in the file
  --cert <file>          (or -E <file>)  our certificate
  --key <file>           its key, if that is not in the same file
  --insecure             (or -k)  do not verify the peer

<source> is one of:
  --data <data>          (or -D <data>)
  --file <file>          (or -F <file>)  - is the standard input
  --lines                each line of the standard input is a message; its end is
                         the end. A pair or bus prints meanwhile what comes

Long names may be cut short while that is unambiguous: --req, --recv-t. A value
is the next argument or follows = or a colon, or the letter: --count=3, -C3.
A time is a number of seconds, at most a day: 2, 0.25.

Messages that are quoted, hex or json are coloured on a terminal, unless NO_COLOR
is set. Called nngcat, by a link of that name, this program is "gonng cat".

The exit code is 0 or 1. When a receive timeout ends the run it is 0, but 1
if this was to reply to what it receives.
`
