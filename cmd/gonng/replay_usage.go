package main

import (
	"fmt"
	"io"
)

func replayUsage(w io.Writer) { fmt.Fprint(w, replayUsageText) }

const replayUsageText = `Usage: gonng replay <file> [<protocol> <address>...] [<option>...]

It sends the messages of a recording that gonng cat --record has made, at the pace
at which they came, or prints them.

<protocol> is one of:
  --push0 --pub0 --pair0 --pair1 --bus0 --req0 --surveyor0  (all but pair also
  without the 0; --pair is pair1). --req0 waits for the reply to each message.

<address> is one or more of --dial <url>, --listen <url> and the others of cat. The
first message waits for a peer.

<option> is any of:
  --speed <1x|20x|0.5x|max>  how fast (default 1x: as it was)
  --loop                 again and again, until it is interrupted
  --print                print each message: its number, when it came and how long
                         after the first, its pipe, its header, its body; with a
                         format of cat, such as --raw or --hex, its body alone
  --output <file>        (or -o <file>)  save the messages as a recording

  --from <n> --to <n>    only the messages of these numbers, from 1
  --after <time> --before <time>  only those that came so long after the first: 90s
  --pipe <n>             only those of this pipe
  --prefix <text>        only those that begin with it
  --contains <text>      only those with it

  --send-timeout <seconds>  --recv-timeout <seconds>  --recv-maxsz <bytes>
  --cacert <file>  --cert <file>  --key <file>  --insecure  --monitor <address>
  --verbose  --silent    as in cat

  gonng replay bug.rec --print --contains order=17
  gonng replay bug.rec --push --dial tcp://localhost:5555 --speed max

The exit code is 0 at the end of the recording, 1 when something fails, 2 for wrong
arguments. A recording that ends within a message, as that of a process that was
killed does, is replayed up to there.
`
