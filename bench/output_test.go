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
	req := row{pattern: reqRep, size: 1 << 10, transport: "ipc", on: oneCore}
	p := plan{
		rows:        []row{push, req},
		contestants: []contestant{named(subject), named(limit), named("absent")},
	}
	rs := newResults()
	for _, v := range []float64{9e6, 10e6, 11e6} {
		rs.add(cell{push, named(subject)}, figures{"rate": v, "lost": 0, "cpu": 0.25, "allocs": 0.01})
	}
	rs.add(cell{push, named(limit)}, figures{"rate": 40e6, "lost": 12.34})
	rs.add(cell{req, named(subject)}, figures{"p50": 16.24, "p99": 123.4, "p999": 1234, "cpu": 20, "allocs": 2})
	return p, rs
}

func TestMarkdown(t *testing.T) {
	p, rs := sample()
	rs.fail(cell{p.rows[0], named("absent")}, errors.New("no such thing"))
	rs.fail(cell{p.rows[0], named("absent")}, errors.New("no such thing"))
	var b strings.Builder
	writeMarkdown(&b, p, rs)
	const want = `| push/pull, tcp | contestant | messages/s | gonng ÷ it | ÷ limit | lost | CPU µs | allocations |
| :-- | :-- | --: | --: | --: | --: | --: | --: |
| push/pull 64 B | gonng | 10.0 M ±10 % | 1.00 | 0.25 | 0 | 0.25 | 0.0 |
|  | raw batched | 40.0 M | 0.25 | 1.00 | 12 % | - | - |

| req/rep, ipc | contestant | p50 µs | gonng ÷ it | ÷ limit | p99 µs | p99.9 µs | CPU µs | allocations |
| :-- | :-- | --: | --: | --: | --: | --: | --: | --: |
| req/rep 1 KiB, one core | gonng | 16.2 | 1.00 | - | 123 | 1234 | 20.0 | 2.0 |

Failed 2 ×: push/pull 64 B, tcp, absent: no such thing

`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestNoRatioToWhatIsNotThere(t *testing.T) {
	p, rs := sample()
	p.contestants = p.contestants[1:]
	var b strings.Builder
	writeMarkdown(&b, p, rs)
	const want = "| push/pull 64 B | raw batched | 40.0 M | - | 1.00 | 12 % | - | - |"
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
	const want = `row,transport,contestant,metric,rounds,median,min,max,gonng_to_it,it_to_limit
push/pull 64 B,tcp,gonng,rate,3,1e+07,9e+06,1.1e+07,1,0.25
push/pull 64 B,tcp,gonng,lost,3,0,0,0,,
push/pull 64 B,tcp,gonng,cpu,3,0.25,0.25,0.25,,
push/pull 64 B,tcp,gonng,allocs,3,0.01,0.01,0.01,,
push/pull 64 B,tcp,raw batched,rate,1,4e+07,4e+07,4e+07,0.25,1
push/pull 64 B,tcp,raw batched,lost,1,12.34,12.34,12.34,,
"req/rep 1 KiB, one core",ipc,gonng,p50,1,16.24,16.24,16.24,1,
"req/rep 1 KiB, one core",ipc,gonng,p99,1,123.4,123.4,123.4,,
"req/rep 1 KiB, one core",ipc,gonng,p999,1,1234,1234,1234,,
"req/rep 1 KiB, one core",ipc,gonng,cpu,1,20,20,20,,
"req/rep 1 KiB, one core",ipc,gonng,allocs,1,2,2,2,,
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
		digits(0.512):           "0.51",
		digits(78.44):           "78.4",
		formatPercent(0):        "0",
		formatPercent(0.0123):   "0.012 %",
		formatPercent(99.7):     "100 %",
		formatAllocs(0.04):      "0.0",
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
