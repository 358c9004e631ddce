package main

// A role is a part in a pattern. A loop that measures returns figures; the
// others go on until their end is closed.
type role struct {
	listens  bool
	measures bool
	opens    bool // its ends itself, many of them
	accounts bool // for what it sent, once it is told to be quiet
	loop     func(part) (figures, error)
}

var roles = map[string]role{
	"server":   {listens: true, loop: wait},
	"pull":     {listens: true, measures: true, loop: drain},
	"push":     {loop: flood},
	"rep":      {listens: true, loop: echo},
	"req":      {measures: true, loop: pingPong},
	"serve":    {listens: true, loop: serve}, // many requests at once
	"requests": {measures: true, loop: requests},
	"pub":      {listens: true, loop: flood},
	"sub":      {measures: true, loop: drain},
	"greet":    {listens: true, loop: echo}, // any number of peers
	"connect":  {measures: true, opens: true, loop: connect},
	"hold":     {listens: true, measures: true, loop: hold}, // any number of peers
	"crowd":    {opens: true, loop: crowd},

	// Those of growth patterns.
	"publish":  {listens: true, accounts: true, loop: publish},
	"audience": {measures: true, opens: true, loop: audience},
	"deal":     {listens: true, measures: true, loop: deal},
	"lively":   {loop: sink},
	"announce": {listens: true, loop: announce},
	"topics":   {measures: true, loop: topics},
	"contexts": {measures: true, loop: contexts},
	"crew":     {listens: true, loop: serve}, // n workers and one
	"survey":   {listens: true, measures: true, loop: survey},
	"door":     {listens: true, measures: true, loop: door},
	"sink":     {listens: true, loop: sink},
	"pump":     {loop: flood},
	// Those of strangers.
	"stalled":  {loop: wait},
	"stuck":    {loop: wait},
	"chorus":   {loop: sing},
	"visitors": {loop: visit},
}

// A part is one role at work.
type part struct {
	end
	job
	host   hosted
	report *report
	before memory // of the process, of the role hold
}
