package main

// goroutines is the name of this contestant.
const goroutines = "raw goroutines"

// rawGoroutines has many requests under way as a program usually would: from a
// goroutine each. The limit has them all from one.
type rawGoroutines struct {
	rawBatched
}

func (*rawGoroutines) Name() string { return goroutines }

func (g *rawGoroutines) Supports(r row) bool {
	return r.pattern.dial == "requests" && g.rawBatched.Supports(r)
}

func (g *rawGoroutines) Open(j job) (end, error) {
	switch {
	case j.role() != "requests":
		return g.rawBatched.Open(j)
	case isInproc(j.url):
		return multiplex(g.channels.open(j), j.n), nil
	}
	c, err := openRaw(j)
	return multiplex(&queuedEnd{rawConn: c, wake: make(chan struct{}, 1)}, j.n), err
}
