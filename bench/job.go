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
	contestant  string
	roles       []string // all those that live in this process
	url         string
	size        int
	warmup      time.Duration
	duration    time.Duration
	peers       int    // how many a role waits for
	n           int    // how many ends, requests, contexts or topics a role has
	perSecond   int    // how many messages it sends, 0 is as many as possible
	lengths     int    // how many of them topics have
	connections int    // how many a crowd makes
	messages    int    // how many of them deliver one, the last ones
	receive     string // how gonng receives
	certs       string // directory of the certificate, for TLS
}

// args are for every language: durations are in nanoseconds.
func (j job) args() []string {
	return []string{
		"-contestant", j.contestant,
		"-role", strings.Join(j.roles, ","),
		"-url", j.url,
		"-size", strconv.Itoa(j.size),
		"-warmup", fmt.Sprintf("%dns", j.warmup),
		"-duration", fmt.Sprintf("%dns", j.duration),
		"-peers", strconv.Itoa(j.peers),
		"-n", strconv.Itoa(j.n),
		"-per-second", strconv.Itoa(j.perSecond),
		"-lengths", strconv.Itoa(j.lengths),
		"-connections", strconv.Itoa(j.connections),
		"-messages", strconv.Itoa(j.messages),
		"-receive", j.receive,
		"-certs", j.certs,
	}
}

func parseJob(args []string) (job, error) {
	var j job
	var names string
	fs := flag.NewFlagSet(peerCommand, flag.ContinueOnError)
	fs.StringVar(&j.contestant, "contestant", "", "who")
	fs.StringVar(&names, "role", "", "one of the roles; with commas those of one process")
	fs.StringVar(&j.url, "url", "", "where to listen or dial")
	fs.IntVar(&j.size, "size", 64, "bytes in a message")
	fs.DurationVar(&j.warmup, "warmup", 0, "time before the measurement")
	fs.DurationVar(&j.duration, "duration", time.Second, "time of the measurement")
	fs.IntVar(&j.peers, "peers", 1, "how many dial")
	fs.IntVar(&j.n, "n", concurrency, "how many ends, requests, contexts or topics")
	fs.IntVar(&j.perSecond, "per-second", 0, "how many messages, 0 is as many as possible")
	fs.IntVar(&j.lengths, "lengths", 1, "how many lengths topics have")
	fs.IntVar(&j.connections, "connections", 0, "how many idle connections")
	fs.IntVar(&j.messages, "messages", 0, "how many of them deliver a message, the last ones")
	fs.StringVar(&j.receive, "receive", "", "RecvInto, RecvMsg or Recv; by size if empty")
	fs.StringVar(&j.certs, "certs", "", "directory of cert.pem and key.pem")
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

// playing is the job of a process with these roles.
func (j job) playing(roles []string) job {
	j.roles = roles
	return j
}

func (j job) role() string { return j.roles[0] }

// listens reports whether the role is the one that waits to be dialled.
func (j job) listens() bool { return roles[j.role()].listens }

// scheme is the transport as URLs name it.
func (j job) scheme() string {
	s, _, _ := strings.Cut(j.url, "://")
	return s
}

// another is an address for the nth listener of a process.
func another(url string, n int) string {
	if n == 0 || strings.HasSuffix(url, ":0") {
		return url
	}
	return fmt.Sprintf("%s-%d", url, n)
}
