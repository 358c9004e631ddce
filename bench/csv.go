package main

import (
	"encoding/csv"
	"fmt"
	"io"
)

// writeCSV prints a record for each figure, in full precision.
func writeCSV(out io.Writer, p plan, rs *results) error {
	records := [][]string{{
		"row", "transport", "metric", "contestant", "rounds", "median", "min", "max", subject + "_ratio",
	}}
	si := p.subjectIndex()
	for _, pt := range p.patterns() {
		for _, l := range rs.lines(p, pt) {
			for i, s := range l.summaries {
				if s.rounds == 0 {
					continue
				}
				record := []string{
					l.row.String(), l.row.transport, l.metric.name, p.contestants[i].Name(),
					fmt.Sprint(s.rounds), fmt.Sprint(s.median), fmt.Sprint(s.min), fmt.Sprint(s.max), "",
				}
				if si >= 0 {
					record[len(record)-1] = fmt.Sprint(ratio(l.summaries[si].median, s.median))
				}
				records = append(records, record)
			}
		}
	}
	return csv.NewWriter(out).WriteAll(records)
}
