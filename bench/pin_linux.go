package main

import (
	"errors"
	"os/exec"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

const canPin = true

// startPinned starts the child on one core, counted from the last, as taskset would: a child
// inherits the affinity of the thread that forks it, so every thread of it
// is pinned from its first instruction and its Go runtime sees one core.
func startPinned(cmd *exec.Cmd, core int) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	var one unix.CPUSet
	one.Set(lastCPUs(&before)[core%before.Count()])
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.SchedSetaffinity(0, &before)) }()
	return cmd.Start()
}

// lastCPUs returns the cores of set, first those least likely to serve the machine's interrupts.
func lastCPUs(set *unix.CPUSet) (cpus []int) {
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	slices.Reverse(cpus)
	return cpus
}
