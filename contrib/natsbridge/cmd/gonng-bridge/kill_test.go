package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// job is the body of a message, 1 KiB.
func job(id int) []byte {
	b := make([]byte, 1024)
	binary.BigEndian.PutUint64(b, uint64(id))
	for i := 8; i < len(b); i++ {
		b[i] = byte(id * i)
	}
	return b
}

// TestKills sends messages through request, stream and worker, while the server, both bridges
// and a worker are killed at random moments: GONNG_KILLS times each (default once), with
// GONNG_MESSAGES messages (default 2000). The long form is 10 and 100000.
func TestKills(t *testing.T) {
	messages, kills := 2000, 1
	for name, n := range map[string]*int{"GONNG_MESSAGES": &messages, "GONNG_KILLS": &kills} {
		if s := os.Getenv(name); s != "" {
			var err error
			*n, err = strconv.Atoi(s)
			check(t, err)
		}
	}
	w := newWorld(t, 2*time.Minute+time.Duration(messages)*20*time.Millisecond)
	files := []string{filepath.Join(w.dir, "worked0"), filepath.Join(w.dir, "worked1")}
	workers := make([]*process, len(files))
	for i, f := range files {
		workers[i] = launch(t, true, "worker", "worker", tcp(t), f)
	}
	in := w.in(w.nats.url)
	out := w.out(w.nats.url, workers[0].url, workers[1].url)
	victims := []*process{w.nats, in, out, workers[0]}

	// A kill is due when so many were told yes.
	type kill struct {
		at     int64
		victim *process
	}
	var due []kill
	for _, v := range victims {
		for range kills {
			due = append(due, kill{rand.Int64N(int64(messages)), v})
		}
	}
	slices.SortFunc(due, func(a, b kill) int { return int(a.at - b.at) })

	req := w.req(in.url)
	var yes atomic.Int64
	told := make(chan int64, messages)
	next := make(chan int)
	var senders sync.WaitGroup
	for range 64 {
		senders.Go(func() {
			for id := range next {
				if _, err := req.Request(w.ctx, job(id)); err != nil {
					t.Errorf("message %d: %v", id, err)
					return
				}
				told <- yes.Add(1)
			}
		})
	}
	killer := make(chan struct{})
	go func() {
		defer close(killer)
		for n := range told {
			for len(due) > 0 && due[0].at < n {
				v := due[0].victim
				v.kill()
				v.start(v != out)
				due = due[1:]
			}
		}
	}()
	begin := time.Now()
	for id := range messages {
		select {
		case next <- id:
		case <-w.ctx.Done():
			t.Fatal("the senders do not go on")
		}
	}
	close(next)
	senders.Wait()
	close(told)
	<-killer
	if yes.Load() != int64(messages) || len(due) > 0 {
		t.Fatalf("%d of %d messages were told yes, %d kills are left", yes.Load(), messages, len(due))
	}
	w.until("the client is back, and all that is stored is acknowledged", func() bool {
		n := w.stored()
		return n >= uint64(messages) && w.acknowledged() >= n
	})
	took := time.Since(begin)

	times := make([]int, messages)
	worked := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		check(t, err)
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			var id int
			var sum uint32
			if _, err := fmt.Sscanf(lines.Text(), "%d %x", &id, &sum); err != nil {
				t.Fatal(err)
			}
			if id < 0 || id >= messages || sum != crc32.ChecksumIEEE(job(id)) {
				t.Fatalf("worked is %q, which was never sent", lines.Text())
			}
			times[id]++
			worked++
		}
	}
	for id, n := range times {
		if n == 0 {
			t.Errorf("message %d was told yes, and was never worked", id)
		}
	}
	out.term()
	in.term()
	fmt.Printf("%d messages in %v, %d kills; stored %d, worked %d: %d repeats\n",
		messages, took.Round(time.Millisecond), kills*len(victims), w.stored(), worked, worked-messages)
	for _, p := range append(victims, workers[1]) {
		if p.cmd != nil {
			p.measure()
		}
		fmt.Printf("  %-12s %4d MiB in memory at most\n", p.name, p.peak>>10)
		if limit := 300; p.peak>>10 > limit {
			t.Errorf("%s had %d MiB in memory, more than %d", p.name, p.peak>>10, limit)
		}
	}
}
