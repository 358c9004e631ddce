package monitor

import (
	"cmp"
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	runtimemetrics "runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/metrics"
	"github.com/gonng/gonng/internal/sp"
)

// watch takes snapshots, and remembers what the last one had, to tell how long something
// has been as it is.
type watch struct {
	mu      sync.Mutex
	sockets map[uint32]*watched
}

// watched is what is remembered of a socket.
type watched struct {
	stats    gonng.Stats
	taken    uint64    // messages that the program has received
	takenAt  time.Time // when that was last seen to change, or nothing waited
	dropping time.Time // when a message was last seen to be dropped
	pipes    map[uint32]watchedPipe
}

type watchedPipe struct {
	stats   gonng.PipeStats
	changed time.Time // when it was first seen like this
	full    time.Time // since when the send queue was full; zero: it is not
	dropped time.Time // when a drop was last seen
}

// page says which pipes a snapshot has.
type page struct {
	socket        uint32 // 0: all sockets
	offset, limit int
	worstFirst    bool // those in trouble, then the busiest; else in the order in which they came
}

// take takes a snapshot.
func (w *watch) take(pg page) Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	present := time.Now()
	snapshot := Snapshot{Version: Version, Time: present, Process: process(present), Sockets: []Socket{}}
	before := w.sockets
	if pg.socket == 0 {
		w.sockets = make(map[uint32]*watched) // those that are closed are forgotten
	} else if before == nil {
		w.sockets = make(map[uint32]*watched)
	}
	for _, s := range gonng.Sockets() {
		if pg.socket != 0 && s.ID() != pg.socket {
			continue
		}
		last := before[s.ID()]
		if last == nil {
			last = &watched{takenAt: present}
		}
		w.sockets[s.ID()] = last
		snapshot.Sockets = append(snapshot.Sockets, last.socket(s, pg, present))
	}
	return snapshot
}

func (w *watched) socket(s gonng.Socket, pg page, present time.Time) Socket {
	cfg, stats := s.Config(), s.Stats()
	out := Socket{
		ID:       s.ID(),
		Name:     s.Name(),
		Protocol: s.Protocol().String(),
		Peer:     s.Peer().String(),
		Raw:      s.Raw(),
		Options:  options(s.Protocol(), cfg),
		Stats:    stats,
		Lossy:    lossy(s.Protocol()),
	}
	if taken := received(&stats); taken != w.taken || stats.RecvQueue == 0 {
		w.taken, w.takenAt = taken, present
	}
	if dropped(&stats) != dropped(&w.stats) && w.pipes != nil {
		w.dropping = present
	}
	w.stats = stats
	for _, d := range s.Dialers() {
		out.Dialers = append(out.Dialers, dialer(d))
	}
	pipes := s.Pipes()
	accepted := make(map[*gonng.Listener]int)
	for _, p := range pipes {
		accepted[p.Listener()]++
	}
	for _, l := range s.Listeners() {
		out.Listeners = append(out.Listeners, Listener{URL: metrics.URL(l.URL()), Pipes: accepted[l], Stats: l.Stats()})
	}
	out.Pipes, out.PipesTotal = w.page(s.Protocol(), pipes, &cfg, pg, present), len(pipes)
	out.Advice = w.advice(&out, present)
	return out
}

// received is how many messages the program has received, where that can be told.
func received(st *gonng.Stats) uint64 {
	return st.Received - dropped(st) - st.Filtered - uint64(st.RecvQueue)
}

// dropped is how many messages were dropped, without those that no topic matched.
func dropped(st *gonng.Stats) uint64 {
	return st.DroppedFull + st.TTLExceeded + st.Unexpected + st.LateReplies + st.NoPeer + st.Malformed
}

// lossy reports whether the sockets of p drop messages for a peer whose queue is full.
func lossy(p gonng.Protocol) bool {
	return p == gonng.ProtocolPub0 || p == gonng.ProtocolSurveyor0 || p == gonng.ProtocolBus0
}

// limits are those of the queues of each peer.
func limits(p gonng.Protocol, cfg *gonng.Config) (send Limit, recv *Limit) {
	limit := func(messages, bytes int) Limit {
		if messages > 0 {
			return Limit{Messages: messages}
		}
		return Limit{Bytes: bytes}
	}
	bytes := sp.QueueBytes
	if lossy(p) {
		bytes = sp.LossyBytes
	}
	send = limit(cfg.SendBuffer, bytes)
	if p != gonng.ProtocolSub0 && p != gonng.ProtocolSurveyor0 {
		r := limit(cfg.RecvBuffer, sp.QueueBytes)
		recv = &r
	}
	return send, recv
}

func (l Limit) reached(messages, bytes int) bool {
	if l.Messages > 0 {
		return messages >= l.Messages
	}
	return l.Bytes > 0 && bytes >= l.Bytes*9/10 // a batch that is being written does not count
}

// page looks at all pipes of the socket, and returns those of the page.
func (w *watched) page(p gonng.Protocol, pipes []*gonng.Pipe, cfg *gonng.Config, pg page, present time.Time) []Pipe {
	send, recv := limits(p, cfg)
	before := w.pipes
	w.pipes = make(map[uint32]watchedPipe, len(pipes))
	list := make([]Pipe, len(pipes))
	index := make(map[uint32]*gonng.Pipe, len(pipes))
	for i, p := range pipes {
		st := p.Stats()
		seen, known := before[p.ID()]
		if !known || seen.stats != st {
			if known && seen.stats.DroppedFull != st.DroppedFull {
				seen.dropped = present
			}
			seen.stats, seen.changed = st, present
		}
		if !send.reached(st.SendQueue, st.SendQueueBytes) {
			seen.full = time.Time{}
		} else if seen.full.IsZero() {
			seen.full = present
		}
		w.pipes[p.ID()] = seen
		out := Pipe{ID: p.ID(), Stats: st, Unchanged: present.Sub(seen.changed).Seconds(), SendLimit: send, RecvLimit: recv,
			throughput: st.SentBytes + st.ReceivedBytes,
			inTrouble:  !seen.dropped.IsZero() && present.Sub(seen.dropped) < lately}
		if !seen.full.IsZero() {
			out.SendFull = present.Sub(seen.full).Seconds()
			out.inTrouble = true
		}
		list[i], index[p.ID()] = out, p
	}
	if pg.worstFirst {
		slices.SortStableFunc(list, func(a, b Pipe) int {
			if a.inTrouble != b.inTrouble {
				if a.inTrouble {
					return -1
				}
				return 1
			}
			return cmp.Compare(b.throughput, a.throughput)
		})
	}
	from := min(pg.offset, len(list))
	list = slices.Clip(list[from:min(from+pg.limit, len(list))])
	for i := range list {
		describe(&list[i], index[list[i].ID], present)
	}
	return list
}

// lately is for how long something that is seen once is worth a word.
const lately = 5 * time.Second

// describe fills in what does not change, and is asked only for the pipes of a page.
func describe(out *Pipe, p *gonng.Pipe, present time.Time) {
	out.URL = metrics.URL(p.URL())
	out.Local, out.Remote = p.LocalAddr().String(), p.RemoteAddr().String()
	out.Age = present.Sub(p.Since()).Seconds()
	switch {
	case p.Dialer() != nil:
		out.Side = "dialer"
	case p.Listener() != nil:
		out.Side = "listener"
	default:
		out.Side = "attached"
	}
	if state := p.TLS(); state != nil {
		out.TLS = &TLS{
			Version:     tls.VersionName(state.Version),
			CipherSuite: tls.CipherSuiteName(state.CipherSuite),
			ServerName:  state.ServerName,
		}
		if len(state.PeerCertificates) > 0 {
			out.TLS.Subject = state.PeerCertificates[0].Subject.String()
		}
	}
	if cred, err := p.PeerCred(); err == nil {
		out.PeerCred = &PeerCred{PID: cred.PID, UID: cred.UID, GID: cred.GID}
	}
}

func dialer(d *gonng.Dialer) Dialer {
	out := Dialer{URL: metrics.URL(d.URL()), Pipes: len(d.Pipes()), Stats: d.Stats()}
	out.Connected = out.Pipes > 0
	if err := d.LastError(); err != nil {
		out.Error = shownError(err, d.URL())
	}
	if at := d.NextAttempt(); !at.IsZero() {
		out.NextAttempt = &at
	}
	return out
}

// started is about when the program was.
var started = time.Now()

func process(present time.Time) Process {
	host, _ := os.Hostname()
	samples := []runtimemetrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	runtimemetrics.Read(samples)
	return Process{
		Name:       filepath.Base(os.Args[0]),
		PID:        os.Getpid(),
		Host:       host,
		Go:         runtime.Version(),
		Age:        present.Sub(started).Seconds(),
		Goroutines: runtime.NumGoroutine(),
		Memory:     samples[0].Value.Uint64(),
		Heap:       samples[1].Value.Uint64(),
	}
}

// events are the events of the process after the one with the number after.
func events(after uint64) (list []Event, last uint64) {
	list, last = []Event{}, after
	for _, e := range gonng.Events() {
		if e.Seq <= after {
			continue
		}
		out := Event{Seq: e.Seq, Time: e.Time, Kind: e.Kind.String(), Socket: e.Socket, Name: e.Name, Protocol: e.Protocol.String(),
			Pipe: e.Pipe, URL: metrics.URL(e.URL), Peer: e.Peer, Reason: e.Reason, Count: e.Count}
		if e.Err != nil {
			out.Error = shownError(e.Err, e.URL)
		}
		list, last = append(list, out), e.Seq
	}
	return list, last
}
