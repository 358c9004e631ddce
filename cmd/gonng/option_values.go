package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func help(string) error { return errHelp }

func on(flag *bool) func(string) error {
	return func(string) error { *flag = true; return nil }
}

// text reads what may be anything.
func text(s *string) func(string) error { return func(v string) error { *s = v; return nil } }

// duration reads a time of Go, such as 250ms, above 0.
func duration(d *time.Duration) func(string) error {
	return func(s string) (err error) {
		if *d, err = time.ParseDuration(s); err == nil && *d <= 0 {
			err = fmt.Errorf("%s is not above 0", s)
		}
		return err
	}
}

// seconds reads a time, up to a day: 2 or 0.25.
func seconds(d *time.Duration) func(string) error {
	return func(s string) error {
		digits, fraction, found := strings.Cut(s, ".")
		n, err := whole(digits, 86400)
		if err != nil || !found {
			*d = time.Duration(n) * time.Second
			return err
		}
		if _, err := whole(fraction, math.MaxInt); err != nil || len(fraction) > 9 {
			return fmt.Errorf("%q is not a number of seconds", s)
		}
		*d, err = time.ParseDuration(s + "s")
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
