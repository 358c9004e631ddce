package main

import (
	"fmt"
	"io"
)

func benchUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng bench <test> [<option>...] <argument>...\n\n"+
		"It measures latency or throughput between two processes, as the performance\n"+
		"tools of nng and nanomsg do, and understands those at the other side.\n\n"+
		"<test> with its arguments is one of:\n")
	for _, m := range benchModes() {
		fmt.Fprintf(w, "  %-10s %-25s %s\n", m.name, m.args, m.summary)
	}
	fmt.Fprint(w, benchUsageText)
}

const benchUsageText = `
<url> may be of any transport between processes that needs no certificate. Start
the local side first, and give both the same size, in bytes, and count:

  gonng bench local_lat tcp://127.0.0.1:5555 64 100000
  gonng bench remote_lat tcp://127.0.0.1:5555 64 100000

<option> is any of:
  --pair0                for nanomsg, which has no pair1; both sides must have it
  --pair1                the default, as nng's
  --url <url>            inproc_lat and inproc_thr: talk there, not over inproc
  --silent               (or -q)  no progress bar, log nothing
  --monitor <address>    serve a page there that shows what happens inside:
                         host:port, where :port is 127.0.0.1 and port 0 any

remote_lat and local_thr print the result, in the words of nng's tools and then
in more: the CPU time of this process, and how long the round trips took. The
average latency is half a round trip; an Mb is 1048576 bits. A progress bar is
drawn where the standard error is a terminal.

The exit code is 0, 1 when something fails, as when the other side leaves too
early, or 2 for wrong arguments.
`
