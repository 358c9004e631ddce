//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/dnstest"
	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

const name = "service.example"

func address(n int) string { return fmt.Sprintf("127.0.0.%d", n) }

// started starts a server at an address, and returns its port; 0: the address and port are
// not free.
func started(t *testing.T, ctx context.Context, n, port int, work string) (*exec.Cmd, int) {
	t.Helper()
	server := maintest.Command(ctx, "-listen", fmt.Sprintf("tcp://%s:%d", address(n), port), "-work", work)
	errors, err := server.StderrPipe()
	check(t, err)
	check(t, server.Start())
	log := bufio.NewScanner(errors)
	for log.Scan() {
		if m := regexp.MustCompile(`serving url=tcp://[\d.]+:(\d+)`).FindStringSubmatch(log.Text()); m != nil {
			port, err = strconv.Atoi(m[1])
			check(t, err)
			return server, port
		}
	}
	_ = server.Wait()
	return nil, 0
}

// servers starts some at one port, of which the last is slow.
func servers(t *testing.T, ctx context.Context, count int) (list []*exec.Cmd, port int) {
	t.Helper()
	for range 20 {
		list, port = nil, 0
		for n := range count {
			work := "1ms"
			if n == count-1 {
				work = "50ms"
			}
			var server *exec.Cmd
			if server, port = started(t, ctx, n+1, port, work); server == nil {
				break
			}
			list = append(list, server)
		}
		if len(list) == count && free(count+1, port) {
			return list, port
		}
		for _, server := range list {
			check(t, server.Process.Kill())
			_ = server.Wait() // killed
		}
	}
	t.Fatal("no port is free at all addresses")
	return nil, 0
}

// free reports whether one can listen at the address and port.
func free(n, port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(address(n), fmt.Sprint(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// TestReplicas: three servers, of which the last is slow. One of the others is killed at a
// random moment, and one is added. All requests are answered, and the slow server has
// answered few.
func TestReplicas(t *testing.T) {
	maintest.Kills(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(gonngtest.Context(t, 6*gonngtest.Timeout))
		defer cancel()
		dns := dnstest.Start(t)
		list, port := servers(t, ctx, 3)
		defer func() {
			cancel() // kills them
			for _, server := range list {
				_ = server.Wait()
			}
		}()
		dns.Set(name, address(1), address(2), address(3))
		client := maintest.Command(ctx, "-dial", fmt.Sprintf("dns+tcp://%s:%d", name, port), "-dns", dns.Addr(),
			"-interval", "50ms", "-requests", "1000000000")
		var printed, log bytes.Buffer
		client.Stdout = &printed
		errors, err := client.StderrPipe()
		check(t, err)
		check(t, client.Start())
		lines := bufio.NewScanner(errors)
		// logged waits until the client logs all of what.
		logged := func(what ...string) {
			for len(what) > 0 && lines.Scan() {
				log.WriteString(lines.Text() + "\n")
				what = slices.DeleteFunc(what, func(w string) bool { return strings.Contains(lines.Text(), w) })
			}
		}
		logged("first answer server=tcp://"+address(1), "first answer server=tcp://"+address(2), "first answer server=tcp://"+address(3))
		maintest.RandomMoment(t, 100*time.Millisecond)
		check(t, list[0].Process.Kill())
		maintest.RandomMoment(t, 100*time.Millisecond)
		added, _ := started(t, ctx, 4, port, "1ms")
		if added == nil {
			t.Fatal("the server that is added does not start")
		}
		list = append(list, added)
		dns.Set(name, address(2), address(3), address(4))
		logged("disconnected server="+address(1), "first answer server=tcp://"+address(4))
		maintest.RandomMoment(t, 100*time.Millisecond)
		check(t, client.Process.Signal(syscall.SIGTERM))
		logged("the end, since this is no line")
		if err := client.Wait(); err != nil {
			t.Errorf("the client ended with %v", err)
		}

		answers, sum := make(map[string]int), 0
		for _, m := range regexp.MustCompile(`tcp://([\d.]+):\d+:(\d+)`).FindAllStringSubmatch(printed.String(), -1) {
			answers[m[1]], err = strconv.Atoi(m[2])
			check(t, err)
			sum += answers[m[1]]
		}
		if !strings.HasSuffix(printed.String(), " 0 failed\n") {
			t.Errorf("the client printed %s", printed.String())
		}
		if answers[address(3)] > sum/4 || answers[address(4)] == 0 || answers[address(2)] < answers[address(3)] {
			t.Errorf("the answers are %v", answers)
		}
		if t.Failed() {
			fmt.Fprint(os.Stderr, log.String())
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
