package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal makes a terminal: what is written to user is drawn on screen.
func newTerminal(t *testing.T) (user, screen *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if user, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	return user, screen
}

// The bar is drawn on a terminal alone, is gone at the end, and is left out
// with --silent.
func TestProgress(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"inproc_lat 64 100", "\r[------------------------------]   0 %  0 of 100\x1b[K\r\x1b[K"},
		{"inproc_thr 64 100", " of 100"},
		{"inproc_lat --silent 64 100", ""},
	} {
		t.Run(test.line, func(t *testing.T) {
			user, screen := newTerminal(t)
			var out bytes.Buffer
			if code := run(t.Context(), append([]string{"bench"}, words(test.line)...), nil, &out, user); code != exitOK {
				t.Errorf("exit code %d", code)
			}
			fmt.Fprintln(user, "end")
			drawn, err := bufio.NewReader(screen).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			got := strings.TrimSuffix(drawn, "end\r\n")
			checkContains(t, "the terminal", got, test.want)
			if test.want != "" && !strings.HasSuffix(got, "\r\x1b[K") {
				t.Errorf("%q is left there", got)
			}
			checkContains(t, "stdout", out.String(), "total time: ")
		})
	}
}
