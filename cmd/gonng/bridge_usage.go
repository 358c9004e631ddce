package main

import (
	"fmt"
	"io"
)

func bridgeUsage(w io.Writer) { fmt.Fprint(w, bridgeUsageText) }

const bridgeUsageText = `Usage: gonng bridge [<option>...]

It joins sockets of the Scalability Protocols with NATS and JetStream. The program that
does it, gonng-bridge, is installed by itself:

  go install github.com/gonng/gonng/contrib/natsbridge/cmd/gonng-bridge@latest

gonng-bridge --help has its options, docs/bridge.md what it promises.
`
