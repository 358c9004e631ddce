package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
)

// writeCSV prints a record for each figure, in full precision. The ratios
// stand with the first figure of a line.
func writeCSV(out io.Writer, p plan, rs *results) error {
	records := [][]string{{
		"row", "transport", "contestant", "metric", "rounds", "median", "min", "max",
		subject + "_to_it", "it_to_limit",
	}}
	for _, t := range rs.tables(p) {
		for _, l := range t.lines {
			for i, s := range l.summaries {
				if s.rounds == 0 {
					continue
				}
				record := []string{
					l.row.String(), t.transport, l.contestant, t.pattern.metrics[i].name,
					fmt.Sprint(s.rounds), fmt.Sprint(s.median), fmt.Sprint(s.min), fmt.Sprint(s.max), "", "",
				}
				if i == 0 {
					gonng, toLimit := t.ratios(l)
					record[8], record[9] = known(gonng), known(toLimit)
				}
				records = append(records, record)
			}
		}
	}
	return csv.NewWriter(out).WriteAll(records)
}

// known is empty for what is not a number.
func known(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprint(v)
}
