// Command pipeline counts the prime numbers below a limit: a source pushes
// jobs to workers in turn, as long as a worker's queue has room, and a sink adds
// up. Here all are goroutines; with tcp:// URLs they could be programs on
// different machines. Over tcp a queue, with the buffers of the operating
// system, holds thousands of such jobs, so that a slow worker gets as many as a
// fast one; examples/workqueue gives a slow worker less.
//
//	go run ./examples/pipeline -below 5000000 -workers 4
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log"

	"github.com/gonng/gonng"
)

const (
	jobsURL    = "inproc://jobs"
	resultsURL = "inproc://results"
	jobSize    = 10_000 // numbers
)

func main() {
	below := flag.Uint64("below", 1_000_000, "count the primes below this `number`")
	workers := flag.Int("workers", 4, "how many workers")
	flag.Parse()
	ctx := context.Background()

	results, err := gonng.NewPull0(gonng.WithListen(resultsURL))
	if err != nil {
		log.Fatal(err)
	}
	defer results.Close()
	for range *workers {
		go func() {
			if err := work(ctx); err != nil {
				log.Fatal(err)
			}
		}()
	}
	// Short queues: a job goes to a worker that has time, not to the first whose
	// queue has room for hundreds.
	jobs, err := gonng.NewPush0(gonng.WithListen(jobsURL), gonng.WithSendBuffer(1))
	if err != nil {
		log.Fatal(err)
	}
	defer jobs.Close()

	sent := 0
	for first := uint64(0); first < *below; first += jobSize {
		if err := jobs.Send(ctx, encode(first, min(first+jobSize, *below))); err != nil {
			log.Fatal(err)
		}
		sent++
	}
	total := uint64(0)
	for range sent {
		result, err := results.Recv(ctx)
		if err != nil {
			log.Fatal(err)
		}
		total += binary.BigEndian.Uint64(result)
	}
	fmt.Printf("%d primes below %d, in %d jobs\n", total, *below, sent)
}

// work is one worker. It may start before or after the others.
func work(ctx context.Context) error {
	later := gonng.WithDialMode(gonng.DialBackground)
	jobs, err := gonng.NewPull0(gonng.WithDial(jobsURL, later), gonng.WithRecvBuffer(1))
	if err != nil {
		return err
	}
	defer jobs.Close()
	results, err := gonng.NewPush0(gonng.WithDial(resultsURL, later))
	if err != nil {
		return err
	}
	defer results.Close()
	for job, err := range jobs.All(ctx) {
		if err != nil {
			return err
		}
		count := uint64(0)
		for n := binary.BigEndian.Uint64(job); n < binary.BigEndian.Uint64(job[8:]); n++ {
			if prime(n) {
				count++
			}
		}
		if err := results.Send(ctx, encode(count)); err != nil {
			return err
		}
	}
	return nil
}

func encode(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

func prime(n uint64) bool {
	for d := uint64(2); d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n >= 2
}
