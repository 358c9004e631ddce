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
	return nil, fmt.Errorf("there is no %s %q: give one of %s", what, name, all)
}
