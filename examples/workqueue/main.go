// Command workqueue shares jobs out among workers, each at least once. Start the queue
// and any number of workers, in any order, and kill workers as you like:
//
//	go run ./examples/workqueue -dir /tmp/done -dial tcp://127.0.0.1:5555      # a worker
//	go run ./examples/workqueue -dir /tmp/done -dial tcp://127.0.0.1:5555      # another
//	go run ./examples/workqueue -jobs 300 -listen tcp://127.0.0.1:5555         # the queue
//
// A job is a request. When its worker dies, Req0 sends it to another, so that none is
// lost. But the dead worker may have done it and not have said so: then it is done twice.
// The queue still counts it once, since a request has one reply. What the job has done
// must bear it: here each job writes the file of its number, and a worker that finds the
// file does nothing more. A job that adds to an account would look in the same place, and
// in the same transaction, whether its number is there already.
//
// The queue keeps its jobs in memory: what must outlive it has to be stored first.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gonng/gonng"
)

var (
	listen  = flag.String("listen", "", "`URL` to share out jobs at")
	jobs    = flag.Int("jobs", 300, "how many jobs there are")
	workers = flag.Int("workers", 1, "how many workers to wait for before the first job")
	dial    = flag.String("dial", "", "`URL` to take jobs from")
	dir     = flag.String("dir", ".", "`directory` that a job writes its file to")
	work    = flag.Duration("work", 0, "how long a job takes, when its file is written")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := takeJobs
	if *listen != "" {
		run = shareOut
	}
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// outstanding is how many jobs the workers have at a time, all together: enough for each
// to have the next before it has done the last. Req0 gives a slow one fewer.
const outstanding = 12

const done, doneBefore = "done", "done before"

func shareOut(ctx context.Context) error {
	req, err := gonng.NewReq0(gonng.WithListen(*listen))
	if err != nil {
		return err
	}
	defer req.Close()
	if err := req.WaitPeers(ctx, *workers); err != nil {
		return err
	}
	var next, once, twice atomic.Int64
	var senders sync.WaitGroup
	for range outstanding {
		senders.Go(func() {
			for n := next.Add(1); n <= int64(*jobs); n = next.Add(1) {
				reply, err := req.Request(ctx, fmt.Appendf(nil, "job-%03d", n))
				switch {
				case err != nil:
					slog.Error("not done", "job", n, "error", err)
				case string(reply) == doneBefore:
					twice.Add(1)
				default:
					once.Add(1)
				}
			}
		})
	}
	senders.Wait()
	fmt.Printf("%d of %d jobs, %d of them twice\n", once.Load()+twice.Load(), *jobs, twice.Load())
	return nil
}

func takeJobs(ctx context.Context) error {
	rep, err := gonng.NewRep0(gonng.WithDial(*dial))
	if err != nil {
		return err
	}
	defer rep.Close()
	return rep.Serve(ctx, func(ctx context.Context, job *gonng.Message) ([]byte, error) {
		file := filepath.Join(*dir, filepath.Base(string(job.Bytes())))
		if _, err := os.Stat(file); err == nil {
			return []byte(doneBefore), nil
		}
		// The file is there as a whole or not at all, whenever the worker dies.
		begun := fmt.Sprintf("%s.%d", file, os.Getpid())
		if err := os.WriteFile(begun, job.Bytes(), 0o644); err != nil {
			return nil, err
		}
		if err := os.Rename(begun, file); err != nil {
			return nil, err
		}
		slog.Info("wrote", "file", file)
		select {
		case <-time.After(*work):
		case <-ctx.Done(): // the grace period is over, and the file is there
		}
		return []byte(done), nil
	})
}
