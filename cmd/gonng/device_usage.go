package main

import (
	"fmt"
	"io"
)

func deviceUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng device <kind> <address>... [<option>...]\n\n"+
		"It forwards messages between its front and its back until it is interrupted.\n\n"+
		"<kind> says what connects to it, and is one of:\n")
	for _, k := range deviceKinds() {
		fmt.Fprintf(w, "  %-9s%s\n", k.name, k.summary)
	}
	fmt.Fprint(w, deviceUsageText)
}

const deviceUsageText = `
<address> is one or more for each side; each option may be given again:
  --front-listen <url>   --front-dial <url>
  --back-listen <url>    --back-dial <url>

<option> is any of:
  --ttl <n>              the most hops that a message may have made (default 8);
                         reqrep, survey and pair1 only
  --recv-maxsz <bytes>   (or -Z <bytes>)  the largest message to forward (default
                         1048576, 0: no limit)
  --duration <time>      end after so long: 90s, 1h30m
  --verbose              (or -v)  log connections too, not only what goes wrong
  --cacert <file>        trust the certificates in the file, where it dials
  --cert <file>          (or -E <file>)  our certificate
  --key <file>           its key, if that is not in the same file
  --insecure             (or -k)  do not verify the peer
  --monitor <address>    serve a page there that shows what happens inside:
                         host:port, where :port is 127.0.0.1 and port 0 any

The URLs where it listens, with their real ports, are printed one a line, in
the order of the options. What is lost or refused is logged on standard error,
some of it only at the end.

  gonng device reqrep --front-listen tcp://:5555 --back-listen ipc:///run/workers

The exit code is 0 at the end of --duration, 1 when something fails, 2 for wrong
arguments.
`
