package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/gonng/gonng/monitor"
)

// topConfig is what the arguments of top say.
type topConfig struct {
	urls       []string // of the monitors, each with a slash at its end
	once, json bool
}

func parseTop(args []string) (c topConfig, err error) {
	options := c.options()
	for len(args) > 0 {
		if args, err = parseOptions(args, options); err != nil {
			return c, err
		}
		if len(args) > 0 {
			u, err := monitorURL(args[0])
			if err != nil {
				return c, err
			}
			c.urls, args = append(c.urls, u), args[1:]
		}
	}
	switch {
	case len(c.urls) == 0:
		return c, errors.New("no URL: give that of the monitor of each program, such as localhost:8080")
	case c.json && !c.once:
		return c, errors.New("--json is for --once")
	}
	return c, nil
}

func (c *topConfig) options() []option {
	return []option{
		{name: "help", short: 'h', set: help},
		{name: "once", set: on(&c.once)},
		{name: "json", set: on(&c.json)},
	}
}

// monitorURL completes the URL of a monitor.
func monitorURL(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is not the URL of a monitor: want host:port, or http://host:port/path/", s)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/debug/gonng/" // --monitor answers there, too
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String(), nil
}

func runTop(ctx context.Context, args []string, std streams) int {
	cfg, err := parseTop(args)
	if err != nil {
		return std.refuse(ctx, "top", err, topUsage)
	}
	if cfg.once {
		return std.outcome(ctx, "top", topOnce(ctx, cfg, std.out), exitError)
	}
	return std.outcome(ctx, "top", watchPrograms(ctx, cfg, std), exitError)
}

// topOnce prints one snapshot of each program.
func topOnce(ctx context.Context, cfg topConfig, out io.Writer) error {
	list := newTopPrograms(cfg.urls)
	for _, p := range list {
		if err := p.fetch(ctx); err != nil {
			return err
		}
	}
	if !cfg.json {
		return outputError(printTop(out, list))
	}
	type one struct {
		URL string `json:"url"`
		monitor.Snapshot
	}
	all := make([]one, len(list))
	for i, p := range list {
		all[i] = one{shownMonitor(p.url), *p.now}
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return outputError(encoder.Encode(all))
}

// watchPrograms shows the programs until ctx ends: on a terminal as a screen, else as lines.
func watchPrograms(ctx context.Context, cfg topConfig, std streams) error {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	news := make(chan struct{}, 1)
	list := newTopPrograms(cfg.urls)
	for _, p := range list {
		following.Go(func() { p.follow(ctx, news) })
	}
	out, ok := std.out.(*os.File)
	if ok && term.IsTerminal(int(out.Fd())) {
		return runScreen(ctx, list, news, std.in, out)
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := printTop(std.out, list); err != nil {
				return outputError(err)
			}
		}
	}
}

// topProgram is a program that is watched.
type topProgram struct {
	url string

	mu          sync.Mutex
	now, before *monitor.Snapshot
	events      []monitor.Event
	err         error // why there is no news; nil: there is
}

func newTopPrograms(urls []string) []*topProgram {
	list := make([]*topProgram, len(urls))
	for i, u := range urls {
		list[i] = &topProgram{url: u}
	}
	return list
}

func shownMonitor(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return raw
}

// get asks the monitor of the program.
func (p *topProgram) get(ctx context.Context, name string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+name, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	var failed *url.Error
	switch {
	case errors.As(err, &failed): // whose text has the URL once more
		return nil, fmt.Errorf("%w: does a program serve package monitor there, or run with --monitor?", failed.Err)
	case err != nil:
		return nil, err
	case answer.StatusCode != http.StatusOK:
		answer.Body.Close()
		return nil, fmt.Errorf("%s: there is no monitor at this URL; a program serves it with package monitor, by default at /debug/gonng/", answer.Status)
	}
	return answer, nil
}

// fetch takes a snapshot.
func (p *topProgram) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := p.get(ctx, "snapshot.json")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var s monitor.Snapshot
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil {
		return fmt.Errorf("%s is not a monitor of gonng: %w", shownMonitor(p.url), err)
	}
	p.now, p.events = &s, s.Events
	return nil
}

// follow follows the events of the monitor until ctx ends.
func (p *topProgram) follow(ctx context.Context, news chan struct{}) {
	for ctx.Err() == nil {
		err := p.stream(ctx, news)
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		tell(news)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func tell(news chan struct{}) {
	select {
	case news <- struct{}{}:
	default:
	}
}

// stream follows one answer, and returns why it has ended.
func (p *topProgram) stream(ctx context.Context, news chan struct{}) error {
	answer, err := p.get(ctx, "events")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	p.mu.Lock()
	p.events = nil // all come again
	p.mu.Unlock()
	lines := bufio.NewReader(answer.Body)
	kind := ""
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		text := string(line)
		if k, ok := strings.CutPrefix(text, "event: "); ok {
			kind = strings.TrimSpace(k)
		}
		data, ok := strings.CutPrefix(text, "data: ")
		if !ok {
			continue
		}
		if err := p.take(kind, []byte(data)); err != nil {
			return err
		}
		tell(news)
	}
}

// take takes an event of the monitor.
func (p *topProgram) take(kind string, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch kind {
	case "happened":
		var more []monitor.Event
		if err := json.Unmarshal(data, &more); err != nil {
			return err
		}
		p.events = append(p.events, more...)
		p.events = p.events[max(0, len(p.events)-1000):]
	case "sample":
		s := new(monitor.Snapshot)
		if err := json.Unmarshal(data, s); err != nil {
			return err
		}
		if p.now != nil && p.now.Process.PID == s.Process.PID {
			p.before = p.now
		} else {
			p.before = nil
		}
		p.now, p.err = s, nil
	}
	return nil
}
