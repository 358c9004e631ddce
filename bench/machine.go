package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// writeMachine prints what the figures depend on. What this system does not
// tell is left out.
func writeMachine(w io.Writer, now time.Time, b *bench) {
	fmt.Fprintf(w, "- CPU: %s, %d cores, %s\n", cpuModel(), runtime.NumCPU(), runtime.GOARCH)
	fmt.Fprintf(w, "- OS: %s\n", strings.TrimSpace(runtime.GOOS+" "+firstLine("/proc/sys/kernel/osrelease")))
	fmt.Fprintf(w, "- Go: %s\n", runtime.Version())
	if ms := modules(); ms != "" {
		fmt.Fprintf(w, "- Modules: %s\n", ms)
	}
	for _, l := range []*cLibrary{libnng, libzmq} {
		if v := l.version(); v != "" {
			fmt.Fprintf(w, "- Library: %s\n", v)
		}
	}
	if load := strings.Fields(firstLine("/proc/loadavg")); len(load) > 0 {
		fmt.Fprintf(w, "- Load at the start: %s\n", load[0])
	}
	fmt.Fprintf(w, "- Date: %s\n", now.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(w, "- %d rounds of %v after %v of warm-up; median ± half the range of the rounds; %d idle connections\n\n",
		b.rounds, b.duration, b.warmup, b.connections)
}

func cpuModel() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for l := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(l, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown model"
}

func firstLine(file string) string {
	b, _ := os.ReadFile(file)
	l, _, _ := strings.Cut(string(b), "\n")
	return l
}

// peerModules are the contestants that are Go modules.
var peerModules = []string{
	"github.com/coder/websocket", "github.com/go-zeromq/zmq4",
	"github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go",
}

func modules() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var ms []string
	for _, d := range info.Deps {
		if slices.Contains(peerModules, d.Path) {
			ms = append(ms, d.Path+" "+d.Version)
		}
	}
	return strings.Join(ms, ", ")
}
