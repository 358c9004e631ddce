package main

import (
	"errors"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

const canPin = true

// startPinned starts the child on one core, as taskset would: a child
// inherits the affinity of the thread that forks it, so every thread of it
// is pinned from its first instruction and its Go runtime sees one core.
func startPinned(cmd *exec.Cmd) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	var one unix.CPUSet
	one.Set(lastCPU(&before))
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.SchedSetaffinity(0, &before)) }()
	return cmd.Start()
}

// lastCPU picks the core least likely to serve the machine's interrupts.
func lastCPU(set *unix.CPUSet) int {
	last := 0
	for cpu, left := 0, set.Count(); left > 0; cpu++ {
		if set.IsSet(cpu) {
			last = cpu
			left--
		}
	}
	return last
}
