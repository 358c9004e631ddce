package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The measures of a plot of costs in pixels.
const (
	curveLeft   = 70
	curveRight  = plotWidth - 280 // of which the legend takes what is left
	curveTop    = 44
	curveBottom = 380
	curveHeight = 440
	labelWidth  = 8 // of a letter, with the gaps around
)

// curveColours are those of contestants, in the order of their lines.
var curveColours = map[string]string{
	subject: ownColour, limit: limitColour, goroutines: "#495057",
	"nng": "#2f9e44", "nng pair0": "#74b816", "libzmq": otherColour, "nats": "#9c36b5",
}

// A curve is what one contestant's cost does in one variant.
type curve struct {
	name, colour, dash string
	points             []point
}

// A point is a cost and between which rounds it lay.
type point struct {
	n                float64
	median, min, max float64
}

// costOf is the cost that a value of the metric stands for.
func (m metric) costOf(v float64) float64 {
	if m.cost != "" {
		return 1e9 / v
	}
	return v
}

// costName is what the values of costOf are.
func (m metric) costName() string {
	if m.cost != "" {
		return m.cost
	}
	return m.title
}

// curves are in the order of the lines. What was never measured, or came to
// nothing, has no point.
func (t *table) curves() (cs []*curve) {
	m := t.pattern.metrics[0]
	for _, l := range t.lines {
		name := l.contestant
		if l.row.variant.name != "" {
			name += ", " + l.row.variant.name
		}
		i := slices.IndexFunc(cs, func(c *curve) bool { return c.name == name })
		if i < 0 {
			i = len(cs)
			c := &curve{name: name, colour: curveColours[l.contestant]}
			if v := slices.Index(t.pattern.variants, l.row.variant); v > 0 {
				c.dash = strconv.Itoa(3 * v)
			}
			cs = append(cs, c)
		}
		if s := l.summaries[0]; s.rounds > 0 && s.min > 0 {
			p := point{float64(l.row.n), m.costOf(s.median), m.costOf(s.min), m.costOf(s.max)}
			cs[i].points = append(cs[i].points, p)
		}
	}
	return cs
}

// steps are the values of n that the table has, in order.
func (t *table) steps() (ns []int) {
	for _, l := range t.lines {
		ns = append(ns, l.row.n)
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

// plotCost draws the cost against n, both on logarithmic axes.
func (t *table) plotCost() []byte {
	var b bytes.Buffer
	beginSVG(&b, curveHeight)
	m := t.pattern.metrics[0]
	svgText(&b, 4, 16, `font-size="15" font-weight="600"`,
		fmt.Sprintf("%s over %s: %s against %s", t.pattern.name, t.transport, m.costName(), t.pattern.grows))
	svgText(&b, 4, 34, "", m.costName()+" (logarithmic axis), less is better")
	svgText(&b, (curveLeft+curveRight)/2, curveHeight-12, `text-anchor="middle"`, t.pattern.grows+" (logarithmic axis)")

	cs, steps := t.curves(), t.steps()
	x := scale{position(float64(steps[0]), steps), position(float64(steps[len(steps)-1]), steps), curveLeft + 12, curveRight - 12}
	y := costAxis(cs)
	var ends [2]float64 // of the last label in each line of labels
	for _, n := range steps {
		at, label := x.at(position(float64(n), steps)), formatStep(n)
		half, line := labelWidth*float64(len(label))/2, 0
		if at-half < ends[0] {
			line = 1
		}
		ends[line] = at + half
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="%s"/>`+"\n", at, curveTop, curveBottom, gridColour)
		svgText(&b, at, curveBottom+18+line*14, `text-anchor="middle"`, label)
	}
	for _, v := range ticks(math.Pow(10, y.low), math.Pow(10, y.high)) {
		at := y.at(math.Log10(v))
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="%s"/>`+"\n", curveLeft, at, curveRight, gridColour)
		svgText(&b, curveLeft-6, int(at)+4, `text-anchor="end"`, formatTick(v))
	}
	for i, c := range cs {
		c.draw(&b, func(p point) (float64, float64) { return x.at(position(p.n, steps)), y.at(math.Log10(p.median)) },
			func(v float64) float64 { return y.at(math.Log10(v)) })
		top := curveTop + 10 + i*20
		fmt.Fprintf(&b, `<path d="M%d %dh22" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`+"\n", curveRight+12, top, c.colour, c.dash)
		svgText(&b, curveRight+40, top+4, "", c.name)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// draw draws a line through the medians, and through each of them one from
// the worst round to the best.
func (c *curve) draw(b *bytes.Buffer, at func(point) (x, y float64), height func(float64) float64) {
	var path []string
	for i, p := range c.points {
		x, y := at(p)
		path = append(path, fmt.Sprintf("%s%.1f %.1f", "ML"[min(i, 1):min(i, 1)+1], x, y))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x, y, c.colour)
		fmt.Fprintf(b, `<path d="M%.1f %.1fV%.1f" stroke="%s"/>`+"\n", x, height(p.min), height(p.max), c.colour)
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`+"\n",
		strings.Join(path, ""), c.colour, c.dash)
}

// position is the logarithm of n; zero stands where a tenth of the smallest
// other step would.
func position(n float64, steps []int) float64 {
	if n > 0 {
		return math.Log10(n)
	}
	for _, s := range steps {
		if s > 0 {
			return math.Log10(float64(s)) - 1
		}
	}
	return 0
}

// A scale maps the logarithms from low to high to pixels.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	if s.high <= s.low {
		return (s.from + s.to) / 2
	}
	return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
}

// costAxis has every round of every curve, and ends at named ticks.
func costAxis(cs []*curve) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range cs {
		for _, p := range c.points {
			low = min(low, p.min, p.max)
			high = max(high, p.min, p.max)
		}
	}
	if low > high {
		low, high = 1, 10
	}
	below, above := floorTick(low), floorTick(high)
	for above < high {
		above = nextTick(above)
	}
	if above == below {
		above = nextTick(above)
	}
	return scale{math.Log10(below), math.Log10(above), curveBottom, curveTop}
}

// ticks are 1, 2 and 5 times the powers of ten from low to high, and only the
// powers where there would be too many to read.
func ticks(low, high float64) (vs []float64) {
	few := math.Log10(high/low) > 4
	for v := floorTick(low * 1.0001); v <= high*1.0001; v = nextTick(v) {
		e := math.Log10(v)
		if v >= low*0.9999 && (!few || math.Abs(e-math.Round(e)) < 0.01) {
			vs = append(vs, v)
		}
	}
	return vs
}

// floorTick is the largest tick that is not above v.
func floorTick(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{5, 2} {
		if f*power <= v {
			return f * power
		}
	}
	return power
}

func nextTick(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)+1e-9))
	switch f := math.Round(v / power); f {
	case 1:
		return 2 * power
	case 2:
		return 5 * power
	}
	return 10 * power
}

// formatTick names a tick without digits that it has not got.
func formatTick(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= unit.size {
			return strconv.FormatFloat(v/unit.size, 'g', 3, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// formatStep names a step in few letters, because there are many on the axis.
func formatStep(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMi", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKi", n>>10)
	case n == 16<<10+1:
		return "16Ki+1"
	}
	return formatTick(float64(n))
}
