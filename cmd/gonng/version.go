package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

func runVersion(_ context.Context, args []string, std streams) int {
	if len(args) > 0 {
		fmt.Fprintf(std.err, "gonng version: takes no arguments, not %q\n", args[0])
		return exitUsage
	}
	fmt.Fprintf(std.out, "gonng %s%s %s %s/%s\n", moduleVersion(), commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

func versionUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng version\n\nIt prints the version, the commit if that is known, the version of Go, and the platform.\n")
}

// commit is the commit that the build was made from, with "+" if files had been changed;
// "" when it is not known, as after "go install …@version".
func commit() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	var revision, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if revision == "" {
		return ""
	}
	return " " + revision[:min(len(revision), 12)] + changed
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
