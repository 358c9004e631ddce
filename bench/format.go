package main

import (
	"fmt"
	"math"
)

// formatCount shows three digits and a magnitude.
func formatCount(v float64) string {
	switch {
	case v >= 1e6:
		return digits(v/1e6) + " M"
	case v >= 1e3:
		return digits(v/1e3) + " k"
	}
	return digits(v)
}

func formatWhole(v float64) string { return fmt.Sprintf("%.0f", v) }

func formatPercent(v float64) string {
	if v == 0 {
		return "0"
	}
	if v >= 10 {
		return fmt.Sprintf("%.0f %%", v)
	}
	return fmt.Sprintf("%.2g %%", v)
}

// formatAllocs rounds: what a buffer that grows costs, or a collection, is not
// an allocation a message.
func formatAllocs(v float64) string { return fmt.Sprintf("%.1f", v) }

// digits shows about three significant ones.
func digits(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func formatSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
