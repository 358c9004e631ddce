package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

func help(string) error { return errHelp }

func on(flag *bool) func(string) error {
	return func(string) error { *flag = true; return nil }
}

// seconds reads a time, whole seconds up to a day.
func seconds(d *time.Duration) func(string) error {
	return func(s string) error {
		n, err := whole(s, 86400)
		*d = time.Duration(n) * time.Second
		return err
	}
}

func number(n *int, limit int) func(string) error {
	return func(s string) (err error) {
		*n, err = whole(s, limit)
		return err
	}
}

// whole reads a number of nothing but digits: no sign, no spaces, no fraction.
func whole(s string, limit int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && n > uint64(limit):
		return 0, fmt.Errorf("%s is too large: the most is %d", s, limit)
	case err != nil:
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return int(n), nil
}
