package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/monitor"
)

// topTable is what a view shows: rows of cells, which may be sorted by any column.
type topTable struct {
	columns []topColumn
	rows    []topRow
}

type topColumn struct {
	title  string
	number bool // it stands at the right, and the largest comes first
}

type topRow struct {
	cells []string
	keys  []float64 // of the columns that are numbers
	bad   bool
}

// cell adds a text, number a number to a row.
func (r *topRow) cell(text string) {
	r.cells, r.keys = append(r.cells, forTerminal(text)), append(r.keys, 0)
}

func (r *topRow) number(n float64, text string) {
	r.cells, r.keys = append(r.cells, text), append(r.keys, n)
}

// forTerminal is text without what a terminal would obey: a peer may have made it.
func forTerminal(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}

// sort sorts by a column; 0: not at all.
func (t *topTable) sort(column int, reverse bool) {
	if column < 1 || column > len(t.columns) {
		return
	}
	c := column - 1
	slices.SortStableFunc(t.rows, func(a, b topRow) int {
		order := strings.Compare(a.cells[c], b.cells[c])
		if t.columns[c].number {
			order = cmp.Compare(b.keys[c], a.keys[c])
		}
		if reverse {
			return -order
		}
		return order
	})
}

// lines are the table as lines, of which the first has the titles.
func (t *topTable) lines() []string {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = len([]rune(c.title))
		for _, r := range t.rows {
			widths[i] = max(widths[i], min(44, len([]rune(r.cells[i]))))
		}
	}
	line := func(cells func(int) string) string {
		var b strings.Builder
		for i, c := range t.columns {
			text := []rune(cells(i))
			if i < len(t.columns)-1 && len(text) > widths[i] {
				text = append(text[:widths[i]-1], '…')
			}
			space := strings.Repeat(" ", max(0, widths[i]-len(text)))
			if c.number {
				b.WriteString(space + string(text) + "  ")
			} else {
				b.WriteString(string(text) + space + "  ")
			}
		}
		return strings.TrimRight(b.String(), " ")
	}
	lines := []string{line(func(i int) string { return t.columns[i].title })}
	for _, r := range t.rows {
		lines = append(lines, line(func(i int) string { return r.cells[i] }))
	}
	return lines
}

// lost is how many messages the counters say were lost; what no topic matched is not.
func lost(st *gonng.Stats) uint64 {
	return st.DroppedFull + st.TTLExceeded + st.Unexpected + st.LateReplies + st.NoPeer + st.Malformed + st.Unsent
}

// perSecond is a rate between two snapshots, as text.
func perSecond(r *topRow, now, before uint64, seconds float64) {
	if seconds <= 0 || before > now {
		r.number(-1, "-")
		return
	}
	rate := float64(now-before) / seconds
	r.number(rate, strconv.FormatFloat(rate, 'f', 0, 64))
}

// between is the time between the two snapshots, and the earlier state of each socket.
func (p *topProgram) between() (seconds float64, before map[uint32]*monitor.Socket) {
	before = make(map[uint32]*monitor.Socket)
	if p.before != nil {
		seconds = p.now.Time.Sub(p.before.Time).Seconds()
		for i := range p.before.Sockets {
			before[p.before.Sockets[i].ID] = &p.before.Sockets[i]
		}
	}
	return seconds, before
}

// state is a word for the worst of the advice.
func state(s *monitor.Socket) string {
	word := "fine"
	for _, a := range s.Advice {
		switch {
		case a.Level == "bad":
			return "trouble"
		case a.Level == "warn":
			word = "suspicious"
		}
	}
	return word
}

// socketsTable has the sockets of all programs.
func socketsTable(list []*topProgram) *topTable {
	t := &topTable{columns: []topColumn{{"PROGRAM", false}, {"SOCKET", false}, {"PROTOCOL", false}, {"PEERS", true}, {"IN/S", true}, {"OUT/S", true},
		{"WAITING", true}, {"DROPPED", true}, {"STATE", false}}}
	for _, p := range list {
		p.mu.Lock()
		if p.now != nil {
			seconds, before := p.between()
			for i := range p.now.Sockets {
				s := &p.now.Sockets[i]
				var r topRow
				r.cell(p.now.Process.Name)
				r.cell(s.Name)
				r.cell(s.Protocol)
				r.number(float64(s.PipesTotal), strconv.Itoa(s.PipesTotal))
				if last := before[s.ID]; last != nil {
					perSecond(&r, s.Stats.Received, last.Stats.Received, seconds)
					perSecond(&r, s.Stats.Sent, last.Stats.Sent, seconds)
				} else {
					r.number(-1, "-")
					r.number(-1, "-")
				}
				waiting := s.Stats.SendQueue + s.Stats.RecvQueue
				r.number(float64(waiting), strconv.Itoa(waiting))
				r.number(float64(lost(&s.Stats)), strconv.FormatUint(lost(&s.Stats), 10))
				r.cell(state(s))
				r.bad = state(s) == "trouble"
				t.rows = append(t.rows, r)
			}
		}
		p.mu.Unlock()
	}
	return t
}

// peersTable has the pipes of all programs.
func peersTable(list []*topProgram) *topTable {
	t := &topTable{columns: []topColumn{{"PROGRAM", false}, {"SOCKET", false}, {"PEER", false}, {"AGE", true}, {"NO CHANGE", true}, {"RECEIVED", true}, {"SENT", true},
		{"SENDQ", true}, {"RECVQ", true}, {"DROPPED", true}}}
	for _, p := range list {
		p.mu.Lock()
		if p.now != nil {
			for _, s := range p.now.Sockets {
				for _, pipe := range s.Pipes {
					var r topRow
					r.cell(p.now.Process.Name)
					r.cell(s.Name)
					r.cell(cmp.Or(pipe.Remote, pipe.URL))
					for _, age := range []float64{pipe.Age, pipe.Unchanged} {
						r.number(age, strconv.FormatFloat(age, 'f', 0, 64)+"s")
					}
					for _, n := range []uint64{pipe.Stats.Received, pipe.Stats.Sent, uint64(pipe.Stats.SendQueue), uint64(pipe.Stats.RecvQueue), pipe.Stats.DroppedFull} {
						r.number(float64(n), strconv.FormatUint(n, 10))
					}
					r.bad = pipe.Stats.DroppedFull > 0
					t.rows = append(t.rows, r)
				}
			}
		}
		p.mu.Unlock()
	}
	return t
}

// eventsTable has what has happened, the newest first.
func eventsTable(list []*topProgram) *topTable {
	t := &topTable{columns: []topColumn{{"TIME", false}, {"PROGRAM", false}, {"SOCKET", false}, {"EVENT", false}, {"PEER", false}, {"WHY", false}}}
	type row struct {
		at time.Time
		topRow
	}
	var rows []row
	for _, p := range list {
		p.mu.Lock()
		for _, e := range p.events {
			r := row{at: e.Time}
			r.cell(e.Time.Local().Format(time.TimeOnly))
			name := shownMonitor(p.url)
			if p.now != nil {
				name = p.now.Process.Name
			}
			r.cell(name)
			r.cell(e.Name)
			r.cell(e.Kind)
			r.cell(cmp.Or(e.Peer, e.URL))
			r.cell(strings.TrimSpace(e.Reason + " " + e.Error))
			r.bad = e.Kind != "connected" && e.Kind != "drops ended"
			rows = append(rows, r)
		}
		p.mu.Unlock()
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.at.Compare(a.at) })
	for _, r := range rows {
		t.rows = append(t.rows, r.topRow)
	}
	return t
}

// adviceTable has what is suspicious.
func adviceTable(list []*topProgram) *topTable {
	t := &topTable{columns: []topColumn{{"LEVEL", false}, {"PROGRAM", false}, {"SOCKET", false}, {"WHAT TO LOOK AT", false}}}
	for _, p := range list {
		p.mu.Lock()
		if p.now != nil {
			for _, s := range p.now.Sockets {
				for _, a := range s.Advice {
					r := topRow{bad: a.Level == "bad"}
					r.cell(a.Level)
					r.cell(p.now.Process.Name)
					r.cell(s.Name)
					r.cell(a.Text)
					t.rows = append(t.rows, r)
				}
			}
		}
		p.mu.Unlock()
	}
	return t
}

// programLines has a line for each program.
func programLines(list []*topProgram) (lines []string) {
	for _, p := range list {
		p.mu.Lock()
		switch {
		case p.err != nil:
			lines = append(lines, forTerminal(fmt.Sprintf("%s: no answer, trying again: %v", shownMonitor(p.url), p.err)))
		case p.now == nil:
			lines = append(lines, shownMonitor(p.url)+": connecting")
		default:
			x := p.now.Process
			lines = append(lines, forTerminal(fmt.Sprintf("%s  pid %d on %s  up %v  %d goroutines  %.1f MiB heap  %d sockets", x.Name, x.PID, x.Host,
				time.Duration(x.Age*float64(time.Second)).Round(time.Second), x.Goroutines, float64(x.Heap)/(1<<20), len(p.now.Sockets))))
		}
		p.mu.Unlock()
	}
	return lines
}

// printTop prints the programs, their sockets and what is suspicious as plain lines.
func printTop(out io.Writer, list []*topProgram) error {
	lines := append(programLines(list), socketsTable(list).lines()...)
	if advice := adviceTable(list); len(advice.rows) > 0 {
		lines = append(lines, advice.lines()...)
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n")+"\n")
	return err
}
