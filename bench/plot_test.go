package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlot wants an XML document with a bar and a name for each line.
func TestPlot(t *testing.T) {
	p, rs := sample()
	svg := rs.tables(p)[0].plot()
	bars := 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 2 {
		t.Errorf("%d bars, want 2", bars)
	}
	for _, want := range []string{
		">push/pull over tcp: messages/s, more is better<", ">push/pull 64 B<",
		">gonng<", ">10.0 M<", ">raw batched<", ">40.0 M<", ">2 M<", ">messages/s (logarithmic axis)<", ">1 M<", ">100 M<",
	} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
}

// TestAxis wants bars in the order of their values, and none without length.
func TestAxis(t *testing.T) {
	p, rs := sample()
	x := rs.tables(p)[0].axis()
	if x != (axis{6, 8}) {
		t.Errorf("from 10^%v to 10^%v, want 6 and 8", x.low, x.high)
	}
	if small, large := x.at(10e6), x.at(40e6); !(barLeft < small && small < large && large < barRight) {
		t.Errorf("ends at %v and %v, between %v and %v", small, large, barLeft, barRight)
	}
	if got := (&table{}).axis(); got != (axis{0, 1}) {
		t.Errorf("axis of nothing = %v", got)
	}
}

func TestFiles(t *testing.T) {
	p, rs := sample()
	dir := filepath.Join(t.TempDir(), "new")
	if err := writeFiles(dir, []byte("text"), p, rs); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"figures.md", "figures.csv", "push-pull-tcp.svg", "req-rep-ipc.svg"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFileName(t *testing.T) {
	if got := (&table{pattern: &pattern{name: "Sub0 of 1 MiB"}, transport: "tcp"}).fileName(); got != "sub0-of-1-mib-tcp" {
		t.Errorf("got %s", got)
	}
}
