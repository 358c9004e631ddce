package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

func runVersion(_ context.Context, args []string, std streams) int {
	if len(args) > 0 {
		fmt.Fprintf(std.err, "gonng version: takes no arguments, not %q\n", args[0])
		return exitUsage
	}
	fmt.Fprintf(std.out, "gonng %s %s %s/%s\n", moduleVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// moduleVersion is the version that "go install" or the version control system
// gave to the build.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
