package main

import (
	"context"
	"fmt"
	"os/exec"
)

// bridgeCommand is a program of its own, in a module of its own, so that this one does not
// carry the client of NATS.
const bridgeCommand = "gonng-bridge"

// runBridge runs it as git runs its external commands. Where the system can, it becomes it.
func runBridge(ctx context.Context, args []string, std streams) int {
	path, err := exec.LookPath(bridgeCommand)
	if err != nil {
		fmt.Fprintf(std.err, "gonng bridge: %s is not installed: go install github.com/gonng/gonng/contrib/natsbridge/cmd/%s@latest\n",
			bridgeCommand, bridgeCommand)
		return exitError
	}
	code, err := become(ctx, path, args, std)
	if err != nil {
		fmt.Fprintf(std.err, "gonng bridge: %v\n", err)
	}
	return code
}
