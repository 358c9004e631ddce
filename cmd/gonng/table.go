package main

import (
	"fmt"
	"strings"
)

// find returns the row of a table that has the name, or an error with all that
// could have been given. what the rows are is in the error too.
func find[T any](rows []T, nameOf func(T) string, what, name string) (*T, error) {
	var names []string
	for _, row := range rows {
		if nameOf(row) == name {
			return &row, nil
		}
		names = append(names, nameOf(row))
	}
	all := strings.Join(names, ", ")
	if name == "" {
		return nil, fmt.Errorf("no %s: give one of %s", what, all)
	}
	if guess := closest(name, names); guess != "" {
		return nil, fmt.Errorf("there is no %s %q: did you mean %s?", what, name, guess)
	}
	return nil, fmt.Errorf("there is no %s %q: give one of %s", what, name, all)
}

// closest returns what name may have been meant to be: the one of names that differs in the
// fewest letters, if these are no more than a third of it; or "".
func closest(name string, names []string) (guess string) {
	least := max(len(name)/3, 1)
	for _, n := range names {
		if d := distance(name, n); d <= least && (guess == "" || d < least) {
			guess, least = n, d
		}
	}
	return guess
}

// distance is how many letters must be inserted, removed or changed, or neighbours be
// swapped, to make a into b.
func distance(a, b string) int {
	before, last, row := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			changed := 0
			if a[i] != b[j] {
				changed = 1
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+changed)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}
