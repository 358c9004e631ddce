package main

// A role is a part in a pattern. A loop that measures returns figures; the
// others go on until their end is closed.
type role struct {
	listens  bool
	measures bool
	loop     func(part) (figures, error)
}

var roles = map[string]role{
	"server": {listens: true, loop: wait},
	"pull":   {listens: true, measures: true, loop: drain},
	"push":   {loop: flood},
	"rep":    {listens: true, loop: echo},
	"req":    {measures: true, loop: pingPong},
}

// A part is one role at work.
type part struct {
	end
	job
	host   hosted
	report *report
}
