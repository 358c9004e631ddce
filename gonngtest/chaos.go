package gonngtest

import (
	"context"
	"net"
	"sync"
	"testing"
)

// Proxy stands between a dialer and its target and forwards bytes, as badly as
// the test wants: it stops, delays, chops or cuts. It does what it is told and
// nothing at random.
//
// A Proxy ends with the test. Its methods, and those of its flows, may be
// called at any time from any goroutine.
type Proxy struct {
	// Up is what the dialer sends, Down is what comes back, each over all
	// connections.
	Up, Down *Flow

	url    string
	target address
	front  net.Listener    // nil in a pipe
	ctx    context.Context // ends when the proxy closes
	stop   context.CancelFunc
	tasks  sync.WaitGroup

	mu       sync.Mutex // also of the flows
	changed  sync.Cond
	links    map[*link]struct{}
	accepted int
	cuts     int
	refuse   bool
}

// NewProxy starts a proxy in front of target, the URL of a listener (of any
// transport over TCP or Unix sockets: tcp, ipc, tls+tcp, ws, …). Dial its URL
// in place of the target's.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p := newProxy(t)
	p.target = parse(t, target)
	front := p.target.beside(t)
	p.front = front.listen(t)
	p.url = front.at(p.front)
	p.tasks.Go(p.run)
	return p
}

// NewPipe returns both ends of a [net.Pipe] with a proxy in the middle, for
// the Attach of a socket or for [NewPeer]. Up is from a to b. No operating
// system puts the bytes together again on their way: after p.Up.Chunk(1), each
// Read of b returns one.
func NewPipe(t testing.TB) (a, b net.Conn, p *Proxy) {
	p = newProxy(t)
	a, aside := net.Pipe()
	b, bside := net.Pipe()
	p.join(aside, bside, 0)
	return a, b, p
}

func newProxy(t testing.TB) *Proxy {
	p := &Proxy{links: make(map[*link]struct{})}
	p.changed.L = &p.mu
	p.Up, p.Down = newFlow(p), newFlow(p)
	p.ctx, p.stop = context.WithCancel(context.Background())
	t.Cleanup(p.Close)
	return p
}

// URL is where to dial to get to the target.
func (p *Proxy) URL() string { return p.url }

// Refuse makes the proxy close new connections at once, or no longer. Those
// that there are stay.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// Conns is how many connections there are now.
func (p *Proxy) Conns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Accepted is how many connections there have been, also refused ones.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// CutAll breaks every connection now, to both sides. What was on the way is
// lost. New connections are accepted as before.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutAll((*link).cut)
}

// ResetAll is CutAll with a TCP reset, as from a host that has restarted: both
// sides get an error in place of the end of the stream. Connections other than
// TCP are just cut.
func (p *Proxy) ResetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutAll((*link).reset)
}

func (p *Proxy) cutAll(cut func(*link)) {
	p.cuts++
	for l := range p.links {
		cut(l)
	}
}

// Close cuts every connection, stops listening and waits until all of the
// proxy's goroutines have ended.
func (p *Proxy) Close() {
	p.stop()
	if p.front != nil {
		p.front.Close()
	}
	p.CutAll()
	p.tasks.Wait()
}

// run is the goroutine that accepts.
func (p *Proxy) run() {
	for {
		near, err := p.front.Accept()
		if err != nil {
			return // closed
		}
		p.mu.Lock()
		p.accepted++
		refuse, cuts := p.refuse, p.cuts
		p.mu.Unlock()
		if refuse {
			near.Close()
			continue
		}
		ctx, cancel := context.WithTimeout(p.ctx, Timeout)
		far, err := new(net.Dialer).DialContext(ctx, p.target.network, p.target.addr)
		cancel()
		if err != nil { // as if the target itself were not there
			near.Close()
			continue
		}
		p.join(near, far, cuts)
	}
}

// join forwards between near and far until the link is cut, as it is already
// when there has been a cut since there were only so many: the target may have
// accepted before this runs.
func (p *Proxy) join(near, far net.Conn, cuts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cuts != cuts {
		near.Close()
		far.Close()
		return
	}
	l := &link{p: p, near: near, far: far, lanes: 2, done: make(chan struct{})}
	p.links[l] = struct{}{}
	for _, lane := range []*lane{{Flow: p.Up, link: l, src: near, dst: far}, {Flow: p.Down, link: l, src: far, dst: near}} {
		p.tasks.Go(lane.read)
		p.tasks.Go(lane.write)
	}
}
