package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// named is a contestant that is only a column.
type named string

func (n named) Name() string    { return string(n) }
func (named) Supports(row) bool { return true }
func (named) Command(context.Context, job) (*exec.Cmd, error) {
	return nil, errors.ErrUnsupported
}

// sample is a table with a full line, a latency and a hole.
func sample() (plan, *results) {
	push := row{pattern: pushPull, size: 64, transport: "tcp"}
	req := row{pattern: reqRep, size: 1 << 10, transport: "ipc", pinned: true}
	p := plan{
		rows:        []row{push, req},
		contestants: []contestant{named(subject), named("other"), named("absent")},
	}
	rs := newResults()
	for _, v := range []float64{9e6, 10e6, 11e6} {
		rs.add(cell{push, named(subject)}, figures{"rate": v})
	}
	rs.add(cell{push, named("other")}, figures{"rate": 40e6})
	rs.add(cell{req, named(subject)}, figures{"p50": 16.24, "p99": 123.4})
	rs.add(cell{req, named("other")}, figures{"p50": 8.12, "p99": 61.7})
	return p, rs
}

func TestMarkdown(t *testing.T) {
	p, rs := sample()
	rs.fail(cell{p.rows[0], named("absent")}, errors.New("no such thing"))
	rs.fail(cell{p.rows[0], named("absent")}, errors.New("no such thing"))
	var b strings.Builder
	writeMarkdown(&b, p, rs)
	const want = `| push/pull, messages/s, more is better | transport | gonng | other | absent | gonng ÷ other | gonng ÷ absent |
| :-- | :-- | --: | --: | --: | --: | --: |
| push/pull 64 B | tcp | 10.0 M ±10 % | 40.0 M | - | 0.25 | - |

| req/rep, µs, less is better | transport | gonng | other | absent | gonng ÷ other | gonng ÷ absent |
| :-- | :-- | --: | --: | --: | --: | --: |
| req/rep 1 KiB, one core, p50 | ipc | 16.2 | 8.12 | - | 2.00 | - |
| req/rep 1 KiB, one core, p99 | ipc | 123 | 61.7 | - | 2.00 | - |

Failed 2 ×: push/pull 64 B, tcp, absent: no such thing

`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestMarkdownWithoutSubject(t *testing.T) {
	p, rs := sample()
	p.contestants = p.contestants[1:]
	var b strings.Builder
	writeMarkdown(&b, p, rs)
	if strings.Contains(b.String(), "÷") {
		t.Errorf("ratios to nothing in\n%s", &b)
	}
}

func TestNoRatioOfAFailedSubject(t *testing.T) {
	p, rs := sample()
	for k := range rs.values {
		if k.contestant == subject {
			delete(rs.values, k)
		}
	}
	var b strings.Builder
	writeMarkdown(&b, p, rs)
	const want = "| push/pull 64 B | tcp | - | 40.0 M | - | - | - |"
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant a line\n%s", &b, want)
	}
}

func TestCSV(t *testing.T) {
	p, rs := sample()
	var b strings.Builder
	if err := writeCSV(&b, p, rs); err != nil {
		t.Fatal(err)
	}
	const want = `row,transport,metric,contestant,rounds,median,min,max,gonng_ratio
push/pull 64 B,tcp,rate,gonng,3,1e+07,9e+06,1.1e+07,1
push/pull 64 B,tcp,rate,other,1,4e+07,4e+07,4e+07,0.25
"req/rep 1 KiB, one core",ipc,p50,gonng,1,16.24,16.24,16.24,1
"req/rep 1 KiB, one core",ipc,p50,other,1,8.12,8.12,8.12,2
"req/rep 1 KiB, one core",ipc,p99,gonng,1,123.4,123.4,123.4,1
"req/rep 1 KiB, one core",ipc,p99,other,1,61.7,61.7,61.7,2
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestFormat(t *testing.T) {
	for got, want := range map[string]string{
		formatCount(14_040_000): "14.0 M",
		formatCount(294_400):    "294 k",
		formatCount(922):        "922",
		formatMicros(0.512):     "0.51",
		formatMicros(78.44):     "78.4",
		formatSize(64):          "64 B",
		formatSize(64 << 10):    "64 KiB",
		formatSize(1 << 20):     "1 MiB",
		formatSize(1500):        "1500 B",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
