package main

import (
	"fmt"
	"io"
	"strings"
)

// writeMarkdown prints one table for each pattern.
func writeMarkdown(w io.Writer, p plan, rs *results) {
	for _, pt := range p.patterns() {
		writeTable(w, p, rs.lines(p, pt), pt)
	}
	for _, s := range rs.order {
		fmt.Fprintf(w, "Failed %d ×: %s\n\n", rs.errs[s], s)
	}
}

func writeTable(w io.Writer, p plan, lines []line, pt *pattern) {
	head := []string{pt.name + ", " + pt.metrics[0].unit, "transport"}
	align := []string{":--", ":--"}
	for _, c := range p.contestants {
		head, align = append(head, c.Name()), append(align, "--:")
	}
	si := p.subjectIndex()
	for i, c := range p.contestants {
		if si >= 0 && i != si {
			head, align = append(head, subject+" ÷ "+c.Name()), append(align, "--:")
		}
	}
	writeCells(w, head)
	writeCells(w, align)
	for _, l := range lines {
		writeCells(w, l.cells(si, len(pt.metrics) > 1))
	}
	fmt.Fprintln(w)
}

// cells are those of a line of the table; si is the column of the subject.
func (l line) cells(si int, named bool) []string {
	name := l.row.String()
	if named {
		name += ", " + l.metric.name
	}
	cells := []string{name, l.row.transport}
	for _, s := range l.summaries {
		cells = append(cells, formatSummary(s, l.metric))
	}
	for i, s := range l.summaries {
		if si >= 0 && i != si {
			cells = append(cells, digits(ratio(l.summaries[si].median, s.median)))
		}
	}
	return cells
}

func formatSummary(s summary, m metric) string {
	switch s.rounds {
	case 0:
		return "-"
	case 1:
		return m.format(s.median)
	}
	return fmt.Sprintf("%s ±%.0f %%", m.format(s.median), 100*s.spread())
}

func writeCells(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}
