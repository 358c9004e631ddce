package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// writeMarkdown prints a table for each pattern and transport.
func writeMarkdown(w io.Writer, p plan, rs *results) {
	for _, t := range rs.tables(p) {
		t.writeMarkdown(w)
	}
	for _, s := range rs.order {
		fmt.Fprintf(w, "Failed %d ×: %s\n\n", rs.errs[s], s)
	}
}

func (t *table) writeMarkdown(w io.Writer) {
	head := []string{t.pattern.name + ", " + t.transport, "contestant", t.pattern.metrics[0].title, subject + " ÷ it", "÷ limit"}
	for _, m := range t.pattern.metrics[1:] {
		head = append(head, m.title)
	}
	align := []string{":--", ":--"}
	for range head[2:] {
		align = append(align, "--:")
	}
	writeCells(w, head)
	writeCells(w, align)
	for i, l := range t.lines {
		name := ""
		if t.begins(i) {
			name = l.row.label()
		}
		writeCells(w, append([]string{name, l.contestant}, t.cells(l)...))
	}
	fmt.Fprintln(w)
}

// cells are the figures of a line. Only the first one has its spread beside
// it, and its ratios.
func (t *table) cells(l line) []string {
	metrics := t.pattern.metrics
	gonng, toLimit := t.ratios(l)
	cells := []string{formatSummary(l.summaries[0], metrics[0]), digits(gonng), digits(toLimit)}
	for i, m := range metrics[1:] {
		cells = append(cells, m.show(l.summaries[1+i].median))
	}
	return cells
}

// show is the formatted value, or a dash when there is none.
func (m metric) show(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return m.format(v)
}

func formatSummary(s summary, m metric) string {
	if s.rounds < 2 {
		return m.show(s.median)
	}
	return fmt.Sprintf("%s ±%.0f %%", m.show(s.median), 100*s.spread())
}

func writeCells(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}
