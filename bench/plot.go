package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"
)

// The measures of a plot in pixels.
const (
	plotWidth  = 760
	barLeft    = 190 // of which the names take what is left
	barRight   = plotWidth - 80
	barHeight  = 13
	barStep    = 17
	groupSpace = 26 // for the name of a row
	plotTop    = 34
	plotBottom = 44 // for the names of the ticks and of the axis
)

// The colours stand on a white page and on a black one.
const (
	textColour  = "#7d8590"
	gridColour  = "#7d859055"
	ownColour   = "#e8590c"
	limitColour = "#868e96"
	otherColour = "#4c8dbf"
)

// fileName is for the files about the table.
func (t *table) fileName() string {
	words := func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }
	name := t.pattern.name + " " + t.transport
	if t.pattern.grows != "" {
		name = "growth " + name
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), words), "-")
}

// plot draws costs against what grows, or else the first metric as bars on a logarithmic axis, with a line from
// the worst round to the best.
func (t *table) plot() []byte {
	if t.pattern.grows != "" && len(t.steps()) > 1 {
		return t.plotCost()
	}
	var b bytes.Buffer
	groups := 0
	for i := range t.lines {
		if t.begins(i) {
			groups++
		}
	}
	height := plotTop + groups*groupSpace + len(t.lines)*barStep + plotBottom
	beginSVG(&b, height)
	m := t.pattern.metrics[0]
	better := "more is better"
	if m.less {
		better = "less is better"
	}
	svgText(&b, 4, 16, `font-size="15" font-weight="600"`, fmt.Sprintf("%s over %s: %s, %s", t.pattern.name, t.transport, m.title, better))
	x := t.axis()
	x.draw(&b, m, plotTop, height-plotBottom)
	y := plotTop
	for i, l := range t.lines {
		if t.begins(i) {
			svgText(&b, 4, y+groupSpace-8, `font-weight="600"`, l.row.label())
			y += groupSpace
		}
		drawBar(&b, x, y, l, m)
		y += barStep
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func beginSVG(b *bytes.Buffer, height int) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"`+
		` font-family="system-ui, sans-serif" font-size="12" fill="%s">`+"\n", plotWidth, height, textColour)
}

func drawBar(b *bytes.Buffer, x axis, y int, l line, m metric) {
	colour := otherColour
	switch l.contestant {
	case subject:
		colour = ownColour
	case limit:
		colour = limitColour
	}
	s := l.summaries[0]
	svgText(b, barLeft-8, y+11, `text-anchor="end"`, l.contestant)
	if s.rounds == 0 {
		return
	}
	end := x.at(s.median)
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/>`+"\n", barLeft, y, end-barLeft, barHeight, colour)
	from, to := x.at(s.min), x.at(s.max)
	fmt.Fprintf(b, `<path d="M%.1f %.1fH%.1f" stroke="%s" stroke-width="1.5"/>`+"\n", from, float64(y)+barHeight/2.0, to, textColour)
	svgText(b, max(end, to)+6, y+11, "", m.show(s.median))
}

func svgText[T int | float64](b *bytes.Buffer, x T, y int, attributes, text string) {
	fmt.Fprintf(b, `<text x="%v" y="%d" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(text))
}

// An axis is logarithmic, of whole powers of ten.
type axis struct{ low, high float64 } // exponents

// axis covers every round, and begins a little below the smallest bar.
func (t *table) axis() axis {
	a := axis{math.Inf(1), math.Inf(-1)}
	for _, l := range t.lines {
		if s := l.summaries[0]; s.rounds > 0 && s.min > 0 {
			a.low = min(a.low, math.Log10(s.min))
			a.high = max(a.high, math.Log10(s.max))
		}
	}
	if a.low > a.high { // nothing was measured
		return axis{0, 1}
	}
	a.low = math.Floor(a.low - 0.1)
	return axis{a.low, max(math.Ceil(a.high), a.low+1)}
}

func (a axis) at(v float64) float64 {
	if v <= 0 {
		return barLeft
	}
	part := (math.Log10(v) - a.low) / (a.high - a.low)
	return barLeft + min(max(part, 0), 1)*(barRight-barLeft)
}

// draw draws a line at each tick and names it, and the axis.
func (a axis) draw(b *bytes.Buffer, m metric, top, bottom int) {
	svgText(b, (barLeft+barRight)/2, bottom+34, `text-anchor="middle"`, m.title+" (logarithmic axis)")
	for _, v := range ticks(math.Pow(10, a.low), math.Pow(10, a.high)) {
		x := a.at(v)
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="%s"/>`+"\n", x, top, bottom, gridColour)
		svgText(b, x, bottom+16, `text-anchor="middle"`, formatTick(v))
	}
}
