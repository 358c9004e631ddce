package itest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// The queues of one peer, as doc.go has them: a queue that holds its peer back, and one
// that drops. Beside it, one message always fits, as large as the limit allows.
const (
	heldQueue    = 128 << 10
	droppedQueue = 4 << 20
	largest      = 1 << 20
)

// withoutRaceDetector skips a test of memory under the race detector, under which it takes
// minutes and finds nothing: test.sh runs these without.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("memory is measured without the race detector")
	}
}

// heap is what is in use, without what nobody refers to any more.
func heap() int64 {
	var m runtime.MemStats
	for range 3 { // what pools keep goes at the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// costs fails the test if the heap has grown by more than what a queue may cost.
func costs(t *testing.T, before int64, queue int) {
	t.Helper()
	if grown, most := heap()-before, int64(2*queue+256<<10); grown > most {
		t.Errorf("one peer costs %d KiB, want at most %d KiB for its queue of %d KiB", grown>>10, most>>10, queue>>10)
	}
}

// inflow is what a peer sends to a socket: messages that are kept and messages that are
// dropped, by their headers.
type inflow struct {
	make          gonngtest.Constructor
	queue         int    // of what is kept; 0: nothing is
	kept, dropped []byte // header; nil: there are none
}

// surveyed is a surveyor with a survey, whose responses begin with that header.
func surveyed(t testing.TB, s gonng.Socket, peer *gonngtest.Peer) []byte {
	sendText(t, s.(gonng.Sender), "?")
	return peer.RecvFrame()[:4]
}

var (
	noHeader = []byte{}
	tooDeep  = func() (b []byte) { // a backtrace of 33 words
		for i := range uint32(32) {
			b = append(b, word(i)...)
		}
		return append(b, endWord(1)...)
	}()
)

var inflows = map[string]inflow{
	"pair0":           {cooked[gonng.ProtocolPair0], heldQueue, noHeader, nil},
	"pair1":           {cooked[gonng.ProtocolPair1], heldQueue, hopCount(1), hopCount(200)},
	"polyamorous":     {gonngtest.ConstructorOf(gonng.NewPair1, gonng.WithPolyamorous()), heldQueue, hopCount(1), hopCount(200)},
	"rep0":            {cooked[gonng.ProtocolRep0], heldQueue, endWord(1), tooDeep},
	"respondent0":     {cooked[gonng.ProtocolRespondent0], heldQueue, endWord(1), tooDeep},
	"req0":            {cooked[gonng.ProtocolReq0], 0, nil, endWord(1)},
	"surveyor0":       {gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(time.Hour)), droppedQueue, nil, endWord(1)},
	"sub0":            {gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("yes")), droppedQueue, []byte("yes"), []byte("no")},
	"pub0":            {cooked[gonng.ProtocolPub0], 0, nil, noHeader},
	"push0":           {cooked[gonng.ProtocolPush0], 0, nil, noHeader},
	"pull0":           {cooked[gonng.ProtocolPull0], heldQueue, noHeader, nil},
	"bus0":            {cooked[gonng.ProtocolBus0], heldQueue, noHeader, nil},
	"raw pair0":       {rawMaker(gonng.ProtocolPair0), heldQueue, noHeader, nil},
	"raw pair1":       {rawMaker(gonng.ProtocolPair1), heldQueue, hopCount(1), hopCount(200)},
	"raw rep0":        {rawMaker(gonng.ProtocolRep0), heldQueue, endWord(1), tooDeep},
	"raw respondent0": {rawMaker(gonng.ProtocolRespondent0), heldQueue, endWord(1), tooDeep},
	"raw req0":        {rawMaker(gonng.ProtocolReq0), heldQueue, endWord(1), nil},
	"raw surveyor0":   {rawMaker(gonng.ProtocolSurveyor0), heldQueue, endWord(1), nil},
	"raw sub0":        {rawMaker(gonng.ProtocolSub0), droppedQueue, noHeader, nil},
	"raw pub0":        {rawMaker(gonng.ProtocolPub0), 0, nil, noHeader},
	"raw push0":       {rawMaker(gonng.ProtocolPush0), 0, nil, noHeader},
	"raw pull0":       {rawMaker(gonng.ProtocolPull0), heldQueue, noHeader, nil},
	"raw bus0":        {rawMaker(gonng.ProtocolBus0), heldQueue, noHeader, nil},
}

// mixes are the bodies of messages that are kept and dropped, in turn.
var mixes = []struct {
	name          string
	kept, dropped []int
}{
	{"small beside large", []int{4}, []int{31_000}},
	{"empty", []int{0}, nil},
	{"nothing beside largest", []int{0}, []int{largest - 200}},
	{"medium beside large", []int{9_000}, []int{25_000, 25_000}},
	{"just above a power of two", []int{129 << 10, 65 << 10, 33 << 10}, []int{0}},
	{"all sizes", append([]int{largest - 200}, sizes...), sizes},
}

// mixed is messages that a peer sends: those that are kept and those that are dropped
// in turn.
func (x inflow) mixed(tr gonngtest.Transport, kept, dropped []int) (frames []byte, count int) {
	if x.kept == nil {
		kept = nil
	}
	if x.dropped == nil {
		dropped = nil
	}
	turns := max(len(kept), len(dropped))
	for n := 0; n < turns || turns > 0 && len(frames) < 64<<10; n++ {
		if len(kept) > 0 {
			frames = append(frames, gonngtest.Frame(framing(tr), x.kept, make([]byte, kept[n%len(kept)]))...)
			count++
		}
		if len(dropped) > 0 {
			frames = append(frames, gonngtest.Frame(framing(tr), x.dropped, make([]byte, dropped[n%len(dropped)]))...)
			count++
		}
	}
	return frames, count
}

// TestMemoryOfOnePeer: whatever a peer sends to a socket that nobody receives from, what
// it makes the socket hold stays within twice the queue and 256 KiB.
func TestMemoryOfOnePeer(t *testing.T) {
	withoutRaceDetector(t)
	gonngtest.NoLeaks(t)
	mixes := mixes
	if testing.Short() {
		mixes = mixes[:2]
	}
	for name, x := range inflows {
		for _, mix := range mixes {
			t.Run(name+"/"+mix.name, func(t *testing.T) {
				s := open(t, x.make, gonng.WithLinger(0))
				peer := scripted(t, s, tcp)
				if s.Protocol() == gonng.ProtocolSurveyor0 && !s.Raw() {
					x.kept = surveyed(t, s, peer)
				}
				queue, most := max(heldQueue, x.queue), 4<<20
				if queue == droppedQueue {
					most = 14 << 20
				}
				frames, count := x.mixed(tcp, mix.kept, mix.dropped)
				most = min(most, 150_000/max(count, 1)*len(frames)) // small messages cost more than their bytes
				before := heap()
				writeUntilStuck(t, peer, s, frames, most)
				costs(t, before, queue+largest)
				runtime.KeepAlive(frames)
			})
		}
	}
}

// writeUntilStuck has a peer write data again and again, until that is most bytes and
// they are taken, or the socket reads no more.
func writeUntilStuck(t testing.TB, peer *gonngtest.Peer, s gonng.Socket, data []byte, most int) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; n < most && len(data) > 0; n += len(data) {
			if _, err := peer.Conn().Write(data); err != nil {
				return // it is closed
			}
		}
	}()
	var last gonng.Stats
	same := 0
	gonngtest.Eventually(t, func() bool {
		st := s.Stats()
		if st != last {
			last, same = st, 0
		} else {
			same++
		}
		return same == 10
	}, "the peer is read no more")
	t.Cleanup(func() {
		peer.Close()
		<-done
	})
}

// TestMemoryOfOnePeerInproc is the same over inproc, where there is a queue at both ends.
func TestMemoryOfOnePeerInproc(t *testing.T) {
	withoutRaceDetector(t)
	gonngtest.NoLeaks(t)
	for _, f := range allFlows {
		if f.name == "request" { // has one message under way
			continue
		}
		for _, size := range []int{0, 64, 17 << 10, 33 << 10, largest - 200} {
			t.Run(fmt.Sprint(f.name, "/", size), func(t *testing.T) {
				in, _ := f.recv(t)
				s, out := f.send(t, gonng.WithLinger(0))
				link(t, in, s, transport("inproc"))
				body := make([]byte, size)
				before := heap()
				for n := 0; n < 100_000 && s.Stats().DroppedFull+in.Stats().DroppedFull < 100; n++ {
					if out.TrySend(body) != nil {
						break
					}
				}
				queues := 2 * (heldQueue + largest)
				for _, lossy := range lossyFlows {
					if f.name == lossy.name {
						queues = 2 * (droppedQueue + largest)
					}
				}
				costs(t, before, queues)
				runtime.KeepAlive(s)
				runtime.KeepAlive(in)
			})
		}
	}
}

// TestMemoryOfStuckPeer: a peer that does not read costs the sender its queue.
func TestMemoryOfStuckPeer(t *testing.T) {
	withoutRaceDetector(t)
	gonngtest.NoLeaks(t)
	senders := map[string]struct {
		make  gonngtest.Constructor
		queue int
	}{
		"pub0":          {cooked[gonng.ProtocolPub0], droppedQueue},
		"surveyor0":     {cooked[gonng.ProtocolSurveyor0], droppedQueue},
		"bus0":          {cooked[gonng.ProtocolBus0], droppedQueue},
		"raw pub0":      {rawMaker(gonng.ProtocolPub0), droppedQueue},
		"raw bus0":      {rawMaker(gonng.ProtocolBus0), droppedQueue},
		"raw surveyor0": {rawMaker(gonng.ProtocolSurveyor0), droppedQueue},
		"push0":         {cooked[gonng.ProtocolPush0], heldQueue},
		"pair0":         {cooked[gonng.ProtocolPair0], heldQueue},
		"pair1":         {cooked[gonng.ProtocolPair1], heldQueue},
		"raw push0":     {rawMaker(gonng.ProtocolPush0), heldQueue},
		"raw req0":      {rawMaker(gonng.ProtocolReq0), heldQueue},
	}
	for name, x := range senders {
		for _, size := range []int{0, 64, 9 << 10, 129 << 10} {
			t.Run(fmt.Sprint(name, "/", size), func(t *testing.T) {
				s := open(t, x.make, gonng.WithLinger(0))
				scripted(t, s, tcp)
				body := make([]byte, size)
				before := heap()
				for full := 0; full < 10 && s.Stats().DroppedFull < 100; {
					if err := s.(gonng.Sender).TrySend(body); err != nil {
						want(t, err, gonng.ErrTryAgain)
						full++
						runtime.Gosched()
					}
				}
				// What is being written counts beside a queue that holds back.
				queue := x.queue + largest
				if x.queue == heldQueue {
					queue += heldQueue
				}
				costs(t, before, queue)
				runtime.KeepAlive(s)
			})
		}
	}
}

// TestMemoryAfterBurst: the contexts of a burst of requests go.
func TestMemoryAfterBurst(t *testing.T) {
	withoutRaceDetector(t)
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, tcp)
	n := 100_000
	if testing.Short() {
		n = 20_000
	}
	burst := func(do func(context.Context)) {
		ctx, cancel := context.WithCancel(t.Context())
		var begun, ended sync.WaitGroup
		for range n {
			begun.Add(1)
			ended.Go(func() {
				begun.Done()
				do(ctx)
			})
		}
		begun.Wait()
		runtime.Gosched()
		cancel()
		ended.Wait()
	}
	burst(func(ctx context.Context) { // what the runtime keeps of so many goroutines
		select {
		case <-ctx.Done():
		case <-make(chan int):
		}
	})
	before := heap()
	burst(func(ctx context.Context) { _, _ = req.Request(ctx, []byte("?")) })
	// Those that were given up are known for a while, to count against their peer.
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("a burst of requests has left %d KiB", grown>>10)
	}
	runtime.KeepAlive(rep)
	runtime.KeepAlive(req)
}

// TestMemoryAfterManyTopics: topics and contexts that have gone leave nothing behind.
func TestMemoryAfterManyTopics(t *testing.T) {
	withoutRaceDetector(t)
	gonngtest.NoLeaks(t)
	pub, sub := open(t, gonng.NewPub0), open(t, gonng.NewSub0)
	link(t, pub, sub, tcp)
	check(t, sub.Subscribe("stays"))
	before := heap()
	leaves := func(what string) {
		t.Helper()
		if grown := heap() - before; grown > 256<<10 {
			t.Errorf("%s have left %d KiB", what, grown>>10)
		}
	}
	const n = 100_000
	for i := range n {
		check(t, sub.Subscribe(fmt.Sprint(i)))
	}
	for i := range n {
		check(t, sub.Unsubscribe(fmt.Sprint(i)))
	}
	leaves("topics")
	contexts := make([]*gonng.SubContext, n)
	for i := range contexts {
		var err error
		contexts[i], err = sub.NewContext()
		check(t, err)
		check(t, contexts[i].Subscribe("same"))
	}
	sendText(t, pub, "same")
	sendText(t, pub, "stays")
	recvText(t, sub, "stays")
	for i := range contexts {
		check(t, contexts[i].Close())
	}
	clear(contexts)
	leaves("contexts")
	runtime.KeepAlive(sub)
}

// TestMemoryAfterLargeMessage: a connection that is idle keeps no message that went over it.
func TestMemoryAfterLargeMessage(t *testing.T) {
	withoutRaceDetector(t)
	const size = 8 << 20
	for _, pair := range protocolPairs {
		gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
			for _, direction := range []string{"forth", "back"} {
				if !pair.goes(t, direction) {
					continue
				}
				a, b := openLinked(t, pair.a, pair.b, tr, gonng.WithRecvMaxSize(0))
				r := pair.route(t, direction, a, b)
				if r.sender.Protocol() == gonng.ProtocolReq0 && !r.sender.Raw() {
					continue // it keeps the request until the reply comes, to send it again
				}
				r.prepare(t)
				before := heap()
				check(t, r.from.SendMsg(testContext(t), r.message(make([]byte, size))))
				m, err := r.to.RecvMsg(testContext(t))
				check(t, err)
				m.Free()
				gonngtest.Eventually(t, func() bool { return heap()-before < size/16 }, pair.name+" "+direction+": the memory of the message is free")
				check(t, r.sender.Close())
				check(t, r.receiver.Close())
			}
		})
	}
}
