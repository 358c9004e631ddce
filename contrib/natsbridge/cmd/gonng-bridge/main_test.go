package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
	"github.com/gonng/gonng/internal/testport"
)

// The test binary is also the other programs.
func TestMain(m *testing.M) {
	maintest.Main(m, func() {
		switch os.Args[1] {
		case "nats-server":
			natsServer(os.Args[2], os.Args[3])
		case "worker":
			worker(os.Args[2], os.Args[3])
		default:
			main()
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// natsServer is nats-server with JetStream in the directory. It prints its URL.
func natsServer(port, dir string) {
	n, err := strconv.Atoi(port)
	must(err)
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: n, NoLog: true, JetStream: true, StoreDir: dir})
	must(err)
	s.Start()
	if s.ReadyForConnections(gonngtest.Timeout) {
		fmt.Println(s.ClientURL())
	}
	s.WaitForShutdown()
}

// worker writes what it is asked to do into the file, and then replies. It prints its URL.
func worker(url, file string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(err)
	rep, err := gonng.NewRep0(gonng.WithListen(url))
	must(err)
	fmt.Println(rep.ListenURL())
	must(rep.Serve(context.Background(), func(_ context.Context, q *gonng.Message) ([]byte, error) {
		_, err := fmt.Fprintf(f, "%d %08x\n", binary.BigEndian.Uint64(q.Bytes()), crc32.ChecksumIEEE(q.Bytes()))
		return nil, err
	}, gonng.WithConcurrency(8)))
}

// tcp is a URL for a socket that listens.
func tcp(t *testing.T) string { return "tcp://127.0.0.1:" + testport.Vacant(t) }

// process is one of these programs, which can be killed and started again.
type process struct {
	t    *testing.T
	name string
	args []string
	cmd  *exec.Cmd
	url  string // what it printed
	peak int    // KiB that it had in memory at most, of all times
}

// start starts it. It must print a URL if it is to.
func (p *process) start(prints bool) {
	p.t.Helper()
	p.cmd = maintest.Command(context.Background(), p.args...)
	p.cmd.Stderr = p.t.Output()
	if !prints {
		check(p.t, p.cmd.Start())
		return
	}
	out, err := p.cmd.StdoutPipe()
	check(p.t, err)
	check(p.t, p.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.t.Fatalf("%s prints no URL: %v", p.name, err)
	}
	p.url = strings.TrimSpace(line)
}

// kill kills it with SIGKILL.
func (p *process) kill() {
	p.measure()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// term ends it with SIGTERM, and wants the exit code 0.
func (p *process) term() {
	p.t.Helper()
	p.measure()
	check(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s ends with %v", p.name, err)
	}
	p.cmd = nil
}

func (p *process) measure() {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
		n, _ := strconv.Atoi(strings.Fields(after)[0])
		p.peak = max(p.peak, n)
	}
}

// launch starts a program, which is killed when the test ends.
func launch(t *testing.T, prints bool, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, args: args}
	p.start(prints)
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
	})
	return p
}

// world is a NATS server as a process, with the stream JOBS, and a client of it.
type world struct {
	*testing.T
	ctx  context.Context
	nats *process
	nc   *nats.Conn
	js   jetstream.JetStream
	dir  string
}

func newWorld(t *testing.T, patience time.Duration) *world {
	t.Helper()
	t.Parallel()
	gonngtest.NoLeaks(t)
	w := &world{T: t, ctx: gonngtest.Context(t, patience), dir: t.TempDir()}
	w.nats = launch(t, true, "nats-server", "nats-server", testport.Vacant(t), filepath.Join(w.dir, "nats"))
	var err error
	w.nc, err = nats.Connect(w.nats.url, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	check(t, err)
	t.Cleanup(w.nc.Close)
	w.js, err = jetstream.New(w.nc)
	check(t, err)
	_, err = w.js.CreateStream(w.ctx, jetstream.StreamConfig{Name: "JOBS", Subjects: []string{"jobs"}})
	check(t, err)
	return w
}

// in starts the bridge that stores.
func (w *world) in(server string, args ...string) *process {
	w.Helper()
	return launch(w.T, true, "bridge in", append([]string{"--rep", tcp(w.T), "--stream", "JOBS", "--server", server, "--silent"}, args...)...)
}

// out starts the bridge that hands out.
func (w *world) out(server string, workers ...string) *process {
	w.Helper()
	args := []string{"--stream", "JOBS", "--durable", "D", "--server", server, "--silent", "--ack-wait", "1s", "--pause", "50ms", "--timeout", "10s"}
	for _, u := range workers {
		args = append(args, "--req", u)
	}
	return launch(w.T, false, "bridge out", args...)
}

func (w *world) req(url string) *gonng.Req0 {
	w.Helper()
	s, err := gonng.NewReq0(gonng.WithDial(url), gonng.WithResendTime(time.Second), gonng.WithReconnectTime(20*time.Millisecond, 20*time.Millisecond))
	check(w.T, err)
	w.Cleanup(func() { s.Close() })
	return s
}

// until waits for a state that other processes bring about.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	for !ok() {
		select {
		case <-w.ctx.Done():
			w.Fatalf("never: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stored is how many messages the stream has.
func (w *world) stored() uint64 {
	s, err := w.js.Stream(w.ctx, "JOBS")
	if err != nil {
		return 0
	}
	return s.CachedInfo().State.Msgs
}

// acknowledged is up to which message all were.
func (w *world) acknowledged() uint64 {
	c, err := w.js.Consumer(w.ctx, "JOBS", "D")
	if err != nil {
		return 0
	}
	return c.CachedInfo().AckFloor.Stream
}
