package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is for the sockets to close in after a signal. What waits for longer
// than that, such as the read of a terminal, is not waited for.
const grace = 1500 * time.Millisecond

// untilSignal runs the program and returns its exit code. SIGINT, SIGTERM and
// SIGHUP end its ctx, so that sockets close in order and leave no files
// behind; then the process dies of that same signal, as nngcat does: a shell
// stops its script at Ctrl-C only when it sees that the child died of it. A
// second signal kills at once.
func untilSignal(program func(context.Context) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	caught := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		// A shell starts background jobs with SIGINT ignored, nohup does so
		// with SIGHUP: Notify would undo that.
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	code := make(chan int, 1)
	go func() { code <- program(ctx) }()
	select {
	case c := <-code:
		return c
	case s := <-caught:
		signal.Reset()
		cancel()
		select {
		case <-code:
		case <-time.After(grace):
		}
		return die(s)
	}
}

// die ends the process by s. Where a process cannot do that to itself
// (Windows), the exit code says it.
func die(s os.Signal) int {
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		<-time.After(time.Second) // the signal comes before that
	}
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitError
}
