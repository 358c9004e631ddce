package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// peerCommand is the first argument of this program when it is a child.
const peerCommand = "peer"

// A job is what a child process is asked to do.
type job struct {
	contestant string
	roles      []string // two where both ends live in one process
	url        string
	size       int
	warmup     time.Duration
	duration   time.Duration
}

func (j job) args() []string {
	return []string{
		"-contestant", j.contestant,
		"-role", strings.Join(j.roles, ","),
		"-url", j.url,
		"-size", strconv.Itoa(j.size),
		"-warmup", j.warmup.String(),
		"-duration", j.duration.String(),
	}
}

func parseJob(args []string) (job, error) {
	var j job
	var names string
	fs := flag.NewFlagSet(peerCommand, flag.ContinueOnError)
	fs.StringVar(&j.contestant, "contestant", "", "who")
	fs.StringVar(&names, "role", "", "pull, push, req or rep; two of them with a comma for inproc")
	fs.StringVar(&j.url, "url", "", "where to listen or dial")
	fs.IntVar(&j.size, "size", 64, "bytes in a message")
	fs.DurationVar(&j.warmup, "warmup", 0, "time before the measurement")
	fs.DurationVar(&j.duration, "duration", time.Second, "time of the measurement")
	if err := fs.Parse(args); err != nil {
		return j, err
	}
	j.roles = strings.Split(names, ",")
	for _, name := range j.roles {
		if _, ok := roles[name]; !ok {
			return j, fmt.Errorf("unknown role %q", name)
		}
	}
	return j, nil
}

// as is the job of one role at one address.
func (j job) as(role, url string) job {
	j.roles, j.url = []string{role}, url
	return j
}

func (j job) role() string { return j.roles[0] }

// listens reports whether the role is the one that waits to be dialled.
func (j job) listens() bool { return roles[j.role()].listens }
