package main

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a bridge and NATS, and can hold back what one of them sends: so a test
// decides at which step a process is killed.
type proxy struct {
	url        string
	toServer   sync.RWMutex // locked: nothing gets to the server
	fromServer sync.RWMutex

	generation atomic.Int64 // of connections
}

// cut ends the connections there are. What was held back is gone.
func (p *proxy) cut(gate *sync.RWMutex) {
	p.generation.Add(1)
	gate.Unlock()
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p := &proxy{url: "nats://" + l.Addr().String()}
	var running sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", strings.TrimPrefix(server, "nats://"))
			if err != nil {
				c.Close()
				continue
			}
			mu.Lock()
			conns = append(conns, c, s)
			mu.Unlock()
			running.Go(func() { p.pass(s, c, &p.toServer) })
			running.Go(func() { p.pass(c, s, &p.fromServer) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return p
}

func (p *proxy) pass(to, from net.Conn, gate *sync.RWMutex) {
	defer to.Close()
	defer from.Close()
	generation := p.generation.Load()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		gate.RLock()
		if p.generation.Load() != generation {
			gate.RUnlock()
			return
		}
		_, werr := to.Write(buf[:n])
		gate.RUnlock()
		if err != nil || werr != nil {
			return
		}
	}
}
