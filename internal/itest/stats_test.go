package itest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Dialers and listeners count their own connections, by each field.
func TestConnectStats(t *testing.T) {
	gonngtest.NoLeaks(t)
	var admit atomic.Bool
	s := open(t, gonng.NewPair0, reconnect(patience, 0), gonng.WithPipeHook(gonng.PipeConnecting, func(p *gonng.Pipe) {
		if !admit.Load() {
			p.Close()
		}
	}))
	l, idle := listen(t, s, tcp), listen(t, s, tcp)
	connect := func(p gonng.Protocol) *gonngtest.Peer {
		peer := gonngtest.Dial(t, l.URL())
		peer.Handshake(p)
		return peer
	}
	moved := make(map[string]bool)
	eventually := func(what string, stats func() gonng.ConnectStats, want gonng.ConnectStats) {
		t.Helper()
		for name, n := range numbers(reflect.ValueOf(want), map[string]uint64{}) {
			moved[name] = moved[name] || n > 0
		}
		gonngtest.Eventually(t, func() bool { return stats() == want }, fmt.Sprintf("%s: %+v", what, want))
	}
	expected := gonng.ConnectStats{Refused: 1, RefusedByHook: 1}
	connect(gonng.ProtocolPair0).ExpectClosed()
	eventually("a hook refused", l.Stats, expected)
	admit.Store(true)
	connect(gonng.ProtocolPub0).ExpectClosed()
	expected.Refused, expected.RefusedProtocol = 2, 1
	eventually("a wrong protocol", l.Stats, expected)
	connect(gonng.ProtocolPair0)
	waitPeers(t, s, 1)
	expected.Connects = 1
	eventually("a peer", l.Stats, expected)
	connect(gonng.ProtocolPair0).ExpectClosed()
	expected.Refused, expected.RefusedBusy = 3, 1
	eventually("a second peer", l.Stats, expected)
	gonngtest.Dial(t, l.URL()).SendBytes([]byte("nonsense"))
	expected.HandshakeErrors = 1
	eventually("a stranger", l.Stats, expected)
	if got := idle.Stats(); got != (gonng.ConnectStats{}) {
		t.Errorf("a listener that nobody dialed has %+v", got)
	}
	if got := s.Stats().ConnectStats; got != expected {
		t.Errorf("the socket has %+v, want %+v", got, expected)
	}

	d := dial(t, s, tcp, vacant(t, tcp), gonng.WithDialMode(gonng.DialBackground))
	eventually("nobody listens", d.Stats, gonng.ConnectStats{ConnectFailures: 1})
	pull := open(t, gonng.NewPull0)
	l = listen(t, pull, tcp)
	push := open(t, gonng.NewPush0)
	d = dial(t, push, tcp, l.URL())
	eventually("connected", d.Stats, gonng.ConnectStats{Connects: 1})
	eventually("connected", l.Stats, gonng.ConnectStats{Connects: 1})
	for name, ok := range moved {
		if !ok {
			t.Errorf("nothing moves %s", name)
		}
	}
}

// In JSON the names are those of the fields in snake case, all in one object.
func TestStatsJSON(t *testing.T) {
	for _, v := range []any{gonng.Stats{}, gonng.ConnectStats{}, gonng.PipeStats{}} {
		data, err := json.Marshal(v)
		check(t, err)
		var got map[string]uint64
		check(t, json.Unmarshal(data, &got))
		fields := numbers(reflect.ValueOf(v), map[string]uint64{})
		if len(got) != len(fields) {
			t.Errorf("%T has %d fields, %d in JSON", v, len(fields), len(got))
		}
		for name := range fields {
			if _, ok := got[snake(name)]; !ok {
				t.Errorf("%T in JSON has no %s: %s", v, snake(name), data)
			}
		}
	}
}

// snake is TTLExceeded as ttl_exceeded.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
