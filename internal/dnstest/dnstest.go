// Package dnstest is a DNS server for tests, on the loopback interface. It knows the names
// that a test tells it, and fails in the ways that a test asks for.
package dnstest

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// Type is a type of records.
type Type uint16

// The types that the server knows.
const (
	A    Type = 1
	AAAA Type = 28
	SRV  Type = 33
)

// Mode is what the server does with queries.
type Mode int

const (
	Answering Mode = iota // the default
	Silent                // they time out
	Failing               // the answer is a failure of the server, SERVFAIL
)

// Server is a DNS server.
type Server struct {
	conn    *net.UDPConn
	mu      sync.Mutex
	records map[string][]record // by name
	modes   map[Type]Mode
	asked   map[Type]int  // queries that were answered, or were not to be
	changed chan struct{} // closed at the next query
}

type record struct {
	kind Type
	data []byte
}

// Start starts a server, which the end of the test stops.
func Start(t testing.TB) *Server {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{conn: conn, records: make(map[string][]record), modes: make(map[Type]Mode), asked: make(map[Type]int), changed: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.serve()
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	return s
}

// Addr is the server's address.
func (s *Server) Addr() string { return s.conn.LocalAddr().String() }

// Set gives name the addresses, and no others.
func (s *Server) Set(name string, addresses ...string) {
	var list []record
	for _, a := range addresses {
		ip, kind := netip.MustParseAddr(a), A
		if ip.Is6() {
			kind = AAAA
		}
		list = append(list, record{kind, ip.AsSlice()})
	}
	s.set(name, list)
}

// SetSRV gives name the SRV records, and no others.
func (s *Server) SetSRV(name string, services ...net.SRV) {
	var list []record
	for _, v := range services {
		data := binary.BigEndian.AppendUint16(nil, v.Priority)
		data = binary.BigEndian.AppendUint16(data, v.Weight)
		data = binary.BigEndian.AppendUint16(data, v.Port)
		for label := range strings.SplitSeq(strings.TrimSuffix(v.Target, "."), ".") {
			data = append(append(data, byte(len(label))), label...)
		}
		list = append(list, record{SRV, append(data, 0)})
	}
	s.set(name, list)
}

func (s *Server) set(name string, list []record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[name] = list
}

// Remove makes the server deny that there is such a name, NXDOMAIN.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, name)
}

// SetMode says what the server does with queries for records of these types.
func (s *Server) SetMode(mode Mode, types ...Type) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range types {
		s.modes[t] = mode
	}
}

// WaitQueries waits until n more queries for records of the type have come.
func (s *Server) WaitQueries(ctx context.Context, t testing.TB, kind Type, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for until := s.asked[kind] + n; s.asked[kind] < until; {
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			t.Fatalf("%d queries are missing", until-s.asked[kind])
		}
	}
}

// Resolver asks this server, and waits at most a quarter of a second for an answer.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "udp4", s.Addr())
		if err != nil {
			return nil, err
		}
		return impatient{nc.(*net.UDPConn)}, nil
	}}
}

// impatient is a connection of a resolver that waits for a quarter of a second at most.
type impatient struct{ *net.UDPConn }

func (c impatient) SetDeadline(t time.Time) error {
	if soon := time.Now().Add(250 * time.Millisecond); t.After(soon) {
		t = soon
	}
	return c.UDPConn.SetDeadline(t)
}

func (s *Server) serve() {
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if reply := s.reply(buffer[:n]); reply != nil {
			_, _ = s.conn.WriteToUDPAddrPort(reply, from) // who asked asks again
		}
	}
}

const header = 12

// reply is the answer to a query with one question; nil: there is none.
func (s *Server) reply(query []byte) []byte {
	var labels []string
	at := header
	for at < len(query) && query[at] != 0 {
		end := at + 1 + int(query[at])
		if end > len(query) {
			return nil
		}
		labels = append(labels, string(query[at+1:end]))
		at = end
	}
	if at+5 > len(query) {
		return nil
	}
	kind := Type(binary.BigEndian.Uint16(query[at+1:]))
	question := query[header : at+5]

	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[kind]++
	close(s.changed)
	s.changed = make(chan struct{})
	if s.modes[kind] == Silent {
		return nil
	}
	list, known := s.records[strings.ToLower(strings.Join(labels, "."))]
	code, count := byte(0), uint16(0)
	var answers []byte
	switch {
	case s.modes[kind] == Failing:
		code = 2
	case !known:
		code = 3
	default:
		for _, r := range list {
			if r.kind == kind {
				count++
				answers = append(answers, 0xc0, header, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 0)
				answers = binary.BigEndian.AppendUint16(answers, uint16(len(r.data)))
				answers = append(answers, r.data...)
			}
		}
	}
	reply := append([]byte{query[0], query[1], 0x81, 0x80 | code, 0, 1}, byte(count>>8), byte(count), 0, 0, 0, 0)
	return append(append(reply, question...), answers...)
}

// Queries is how many queries for records of the type have come.
func (s *Server) Queries(kind Type) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[kind]
}
