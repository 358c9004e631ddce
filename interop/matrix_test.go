package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// The matrix is docs/interop.md: which programs gonng talks to, by which protocols, over
// which transports, at either side, with bodies of which sizes.
//
//	GONNG_MATRIX=all go test -run TestMatrix .     tries each cell
//	GONNG_MATRIX=write go test -run TestMatrix .   does, and writes the page
//
// Without the variable a sample is tried, and that the page is the one that would be written.

var matrixMode = os.Getenv("GONNG_MATRIX")

const matrixPage = "../docs/interop.md"

var matrixSizes = []int{0, 1, 900 << 10}

// matrixPeer is a program, or a library in a program of ours.
type matrixPeer struct {
	name, version string
	pairings      []pairing
	path          func(t *testing.T) string
	missing       map[string]string // why it lacks a transport
}

const (
	lackOfTLS    = "nanomsg has no TLS"
	lackOfConfig = "our C program configures no TLS; nngcat is libnng with TLS"
)

func matrixPeers() []matrixPeer {
	library, nanomsg := slices.Clone(pairings), slices.Clone(nanocatPairings)
	for i := range library {
		library[i].dials = false
	}
	for i := range nanomsg {
		nanomsg[i].interval = ""
	}
	lacks := map[string]string{
		"abstract": "nanomsg has no abstract sockets", "tls+tcp": lackOfTLS, "wss": lackOfTLS,
	}
	return []matrixPeer{
		{
			name: "nngcat", version: "1.5.2", pairings: pairings,
			path: func(t *testing.T) string { return program(t, "nngcat") },
		},
		{
			name: "nanocat", version: "1.1.5", pairings: nanocatPairings,
			path:    func(t *testing.T) string { return program(t, "nanocat") },
			missing: lacks,
		},
		{
			name: "libnng", version: "1.5.2, by interop/testdata/nng.c", pairings: library,
			path: func(t *testing.T) string { return buildC(t, "nng") },
			missing: map[string]string{
				"tls+tcp": lackOfConfig, "wss": lackOfConfig,
			},
		},
		{
			name: "libnanomsg", version: "1.1.5, by interop/testdata/nanomsg.c", pairings: nanomsg,
			path:    func(t *testing.T) string { return buildC(t, "nanomsg") },
			missing: lacks,
		},
	}
}

// matrixTransports are the columns of the page.
var matrixTransports = []string{"tcp", "ipc", "abstract", "ws", "tls+tcp", "wss"}

// cell is one entry of the matrix.
type cell struct {
	peer      *matrixPeer
	pairing   pairing
	transport string
	listens   bool // the program does, not gonng
	size      int
}

func (c cell) String() string {
	side := "gonng"
	if c.listens {
		side = c.peer.name
	}
	return fmt.Sprintf("%s/%s/%s/%s listens/%d", c.peer.name, c.pairing.nng[2:], c.transport, side, c.size)
}

// try has gonng and the program talk.
func (c cell) try(t *testing.T, path string) {
	gonngtest.NoLeaks(t)
	p, meet := c.pairing, gonngListens
	if c.listens {
		meet = programListens
		if p.dials { // it sends before gonng is there, so it has to send once more
			p.interval = "2"
		}
	}
	s := p.socket(t)
	talk(t, p, s, func(args ...string) *process {
		t.Helper()
		return meet(t, p, s, path, c.transport, args)
	}, body(c.size), body(c.size))
}

// cells are those of m that its page says work: all whose transport is not missing.
func (m *matrixPeer) cells() (all []cell) {
	for _, p := range m.pairings {
		for _, transport := range matrixTransports {
			if m.missing[transport] != "" {
				continue
			}
			for _, listens := range []bool{false, true} {
				for _, size := range matrixSizes {
					all = append(all, cell{m, p, transport, listens, size})
				}
			}
		}
	}
	return all
}

// TestMatrix tries the cells of the matrix that say that it works.
func TestMatrix(t *testing.T) {
	peers := matrixPeers()
	t.Run("cells", func(t *testing.T) {
		for i := range peers {
			m := &peers[i]
			cells := m.cells()
			if matrixMode == "" { // every so manyth, so that each protocol and transport has some
				step := len(cells)/8 + 1
				for step%2 == 0 || step%3 == 0 {
					step++
				}
				var sample []cell
				for i := 0; i < len(cells); i += step {
					sample = append(sample, cells[i])
				}
				cells = sample
			}
			path := m.path(t)
			for _, c := range cells {
				t.Run(c.String(), func(t *testing.T) { c.try(t, path) })
			}
		}
	})
	page := matrix(peers)
	if matrixMode == "write" && !t.Failed() {
		check(t, os.WriteFile(matrixPage, []byte(page), 0o644))
	}
	text, err := os.ReadFile(matrixPage)
	check(t, err)
	if string(text) != page {
		t.Errorf("%s is out of date: GONNG_MATRIX=write go test -run TestMatrix . writes it", filepath.Base(matrixPage))
	}
}

// matrix is the page.
func matrix(peers []matrixPeer) string {
	var b strings.Builder
	b.WriteString(`# Which programs gonng talks to

This page is written by a test, which tries each entry: ` + "`GONNG_MATRIX=write go test -run TestMatrix .`" + ` in
[interop](../interop). Continuous integration tries a sample of them.

"both" means that gonng and the program talk whichever of them listens, with bodies of 0 and 1
bytes and of 900 KiB, in each direction that the protocol has. The limit of a body is 1 MiB on
both sides unless a program raises it. A number is a reason, which is below the table. Sockets
at inproc are in one process, where gonng talks to itself.
`)
	for i := range peers {
		m := &peers[i]
		fmt.Fprintf(&b, "\n## %s (%s)\n\n| its protocol | %s |\n| :-- |%s\n", m.name, m.version,
			strings.Join(matrixTransports, " | "), strings.Repeat(" :-- |", len(matrixTransports)))
		var reasons []string
		number := func(why string) int {
			at := slices.Index(reasons, why)
			if at < 0 {
				at, reasons = len(reasons), append(reasons, why)
			}
			return at + 1
		}
		for _, p := range m.pairings {
			fmt.Fprintf(&b, "| %s |", strings.TrimSuffix(p.nng[2:], "0"))
			for _, transport := range matrixTransports {
				if why := m.missing[transport]; why != "" {
					fmt.Fprintf(&b, " the peer cannot (%d) |", number(why))
					continue
				}
				b.WriteString(" both |")
			}
			b.WriteString("\n")
		}
		if m.missing["tls+tcp"] == lackOfTLS {
			fmt.Fprintf(&b, "| pair1 |%s\n", strings.Repeat(fmt.Sprintf(" the peer cannot (%d) |", number("nanomsg has no pair1")), len(matrixTransports)))
		}
		if len(reasons) > 0 {
			b.WriteString("\n")
		}
		for i, why := range reasons {
			fmt.Fprintf(&b, "%d. %s\n", i+1, why)
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
