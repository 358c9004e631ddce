package main

import (
	"fmt"
	"io"
)

func topUsage(w io.Writer) { fmt.Fprint(w, topUsageText) }

const topUsageText = `Usage: gonng top [<option>...] <url>...

It shows what the sockets of running programs do, drop and wait for. <url> is where
a program serves package monitor: localhost:8080 stands for
http://localhost:8080/debug/gonng/, which is also right for --monitor of cat,
device and bench.

<option> is any of:
  --once                 print it once, without rates, and end
  --json                 with --once: the snapshots, as docs/monitor.md has them

On a terminal the keys are: s sockets, p peers, e events, a advice; < and > choose
the column to sort by, r reverses; j and k or the arrows scroll; q ends. Elsewhere
it prints plain lines once a second.

The exit code is 0, 1 when something fails, or 2 for wrong arguments.
`
