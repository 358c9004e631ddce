package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// topView is one of the tables, and the key that shows it.
type topView struct {
	key   byte
	name  string
	table func([]*topProgram) *topTable
}

func topViews() []topView {
	return []topView{{'s', "sockets", socketsTable}, {'p', "peers", peersTable}, {'e', "events", eventsTable}, {'a', "advice", adviceTable}}
}

// screen is what the viewer has chosen.
type screen struct {
	list          []*topProgram
	view          int
	sorted        []int // the column of each view, from 1; 0: as it comes
	reverse       bool
	offset        int // rows that are scrolled away
	width, height int
}

// press does what a key asks for, and reports whether that is to go on.
func (s *screen) press(key string) (more bool) {
	for i, v := range topViews() {
		if key == string(v.key) {
			s.view, s.offset = i, 0
		}
	}
	columns := len(topViews()[s.view].table(s.list).columns)
	switch key {
	case "q", "\x03", "\x04":
		return false
	case ">", ".", "\x1b[C":
		s.sorted[s.view] = (s.sorted[s.view] + 1) % (columns + 1)
	case "<", ",", "\x1b[D":
		s.sorted[s.view] = (s.sorted[s.view] + columns) % (columns + 1)
	case "r":
		s.reverse = !s.reverse
	case "j", "\x1b[B":
		s.offset++
	case "k", "\x1b[A":
		s.offset--
	case " ", "\x1b[6~":
		s.offset += s.height / 2
	case "b", "\x1b[5~":
		s.offset -= s.height / 2
	}
	return true
}

// draw is the screen as lines of at most its width, at most its height.
func (s *screen) draw() []string {
	view := topViews()[s.view]
	t := view.table(s.list)
	t.sort(s.sorted[s.view], s.reverse)
	lines := programLines(s.list)
	order := "as they come"
	if c := s.sorted[s.view]; c > 0 {
		order = "by " + strings.ToLower(t.columns[c-1].title)
		if s.reverse {
			order += ", reversed"
		}
	}
	lines = append(lines, "", fmt.Sprintf("%s (%d), %s", view.name, len(t.rows), order))
	for i := range lines {
		lines[i] = cut(lines[i], s.width)
	}
	rows := t.lines()
	room := max(1, s.height-len(lines)-2)
	s.offset = max(0, min(s.offset, len(rows)-1-room))
	lines = append(lines, "\x1b[7m"+cut(rows[0]+strings.Repeat(" ", s.width), s.width)+"\x1b[0m")
	for i, row := range rows[1:] {
		if i < s.offset || i >= s.offset+room {
			continue
		}
		text := cut(row, s.width)
		if t.rows[i].bad {
			text = "\x1b[31m" + text + "\x1b[0m"
		}
		lines = append(lines, text)
	}
	for len(lines) < s.height-1 {
		lines = append(lines, "")
	}
	help := "s sockets  p peers  e events  a advice  < > sort  r reverse  j k scroll  q quit"
	return append(lines[:min(len(lines), s.height-1)], "\x1b[2m"+cut(help, s.width)+"\x1b[0m")
}

// cut is the beginning of a text that fits.
func cut(text string, width int) string {
	if r := []rune(text); len(r) > width {
		return string(r[:width])
	}
	return text
}

// runScreen shows the programs on a terminal until the viewer or ctx ends it.
func runScreen(ctx context.Context, list []*topProgram, news <-chan struct{}, in io.Reader, out *os.File) error {
	keys := make(chan string)
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		state, err := term.MakeRaw(int(f.Fd()))
		if err != nil {
			return err
		}
		defer term.Restore(int(f.Fd()), state)
		go readKeys(ctx, f, keys)
	}
	fmt.Fprint(out, "\x1b[?1049h\x1b[?25l") // a screen of its own, without a cursor
	defer fmt.Fprint(out, "\x1b[?25h\x1b[?1049l")
	s := &screen{list: list, sorted: make([]int, len(topViews()))}
	size := time.NewTicker(250 * time.Millisecond) // a signal for it is not everywhere
	defer size.Stop()
	for {
		if err := s.show(out); err != nil {
			return err
		}
		for same := true; same; {
			select {
			case <-ctx.Done():
				return nil
			case <-news:
				same = false
			case key := <-keys:
				if !s.press(key) {
					return nil
				}
				same = false
			case <-size.C:
				w, h, err := term.GetSize(int(out.Fd()))
				same = err == nil && !s.resize(w, h)
			}
		}
	}
}

// resize takes the size of the terminal, which is 0 where nobody has set it, as on a serial
// line. It reports whether that has changed.
func (s *screen) resize(width, height int) bool {
	width, height = cmp.Or(width, 80), cmp.Or(height, 24)
	changed := width != s.width || height != s.height
	s.width, s.height = width, height
	return changed
}

// show writes the screen, as large as the terminal is now.
func (s *screen) show(out *os.File) error {
	w, h, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return err
	}
	s.resize(w, h)
	_, err = io.WriteString(out, "\x1b[H"+strings.Join(s.draw(), "\x1b[K\r\n")+"\x1b[K\x1b[J")
	return outputError(err)
}

// readKeys reads what is pressed. A read that waits when the program ends is left alone.
func readKeys(ctx context.Context, in io.Reader, keys chan<- string) {
	buf := make([]byte, 16)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		text := string(buf[:n])
		for text != "" {
			key := text[:1]
			if strings.HasPrefix(text, "\x1b[") {
				key = text
			}
			text = text[len(key):]
			select {
			case keys <- key:
			case <-ctx.Done():
				return
			}
		}
	}
}
