package main

import "slices"

// mutations has at least one entry for each row of the promises in docs/architecture.md, and
// some for what is promised elsewhere: in the documentation of the API, or docs/security.md.
var mutations = slices.Concat(protocols, engine, around)

// engine breaks what is promised of the shell around the protocols and of streams: how calls
// wait, who owns memory, and what becomes of messages at the end.
var engine = []mutation{
	{
		promise: "A length word alone earns no memory",
		file:    "internal/stream/reader.go",
		old:     "size > earned*arrived {",
		new:     "size > 1<<62 {",
		pkg:     "internal/itest", test: "TestAnnouncedSizeIsNotAllocated",
	},
	{
		promise: "What a handler returned before the end is sent",
		file:    "close.go",
		old:     "\ts.serving.wait(ctx, grace)\n",
		new:     "",
		pkg:     "internal/itest", test: "TestServeEnds$",
	},
	{
		promise: "Close takes no longer than the linger, with any number of stuck peers",
		file:    "pipe_write.go",
		old:     "\t\tcase <-p.done:\n\t\tcase <-ctx.Done():\n\t\t}\n\t}\n}\n",
		new:     "\t\tcase <-p.done:\n\t\tcase <-time.After(5 * time.Second):\n\t\t}\n\t}\n}\n",
		pkg:     "internal/itest", test: "TestCloseLingers",
	},
	{
		promise: "After Close no goroutine and no descriptor is left, but for hooks that run",
		file:    "close.go",
		old:     "if hanging = s.tasks.Wait(ctx); len(hanging) > 0 {",
		new:     "if false {",
		pkg:     "internal/itest", test: "TestCloseWaits",
	},
	{
		promise: "Whatever waits returns soon after its ctx or its timeout",
		file:    "pipe_direct.go",
		old:     "s.direct.watch(ctx, done, s)\n",
		new:     "",
		pkg:     "internal/itest", test: "TestReadingReceiver",
	},
	{
		promise: "Whatever waits returns soon after its ctx or its timeout",
		file:    "wait.go",
		old:     "w.timer.Reset(timeout)",
		new:     "_ = w.timer",
		pkg:     "internal/itest", test: "TestRecvInTime",
	},
	{
		promise: "Whatever is dropped is counted by its reason, and logged once an episode",
		file:    "log.go",
		old:     "first, before = e.last == 0 || present-e.last > int64(sp.EpisodeGap), e.count",
		new:     "first, before = sp.EpisodeGap > 0, e.count",
		pkg:     "internal/itest", test: "TestLoggedOnceAnEpisode",
	},
	{
		promise: "The slice given to Send is the caller's again, the one that Recv returns is the caller's",
		file:    "internal/stream/conn.go",
		old:     "\tb.ownRest()\n",
		new:     "",
		pkg:     "internal/itest", test: "TestLargeSliceIsTheCallers",
	},
	{
		promise: "A large Send waits only while the peer takes it quickly",
		file:    "internal/stream/conn.go",
		old:     "b.done-before < slowBytes {",
		new:     "false && b.done == before {",
		pkg:     "internal/itest", test: "TestLargeSliceIsTheCallers",
	},
	{
		promise: "Of many peers that have much to get, each gets a part in every round, and a round is bounded",
		file:    "pipe_write.go",
		old:     "max(roundBytes/len(round), leastPart)",
		new:     "roundBytes",
		pkg:     ".", test: "TestFlusherGoesRound",
	},
	{
		promise: "Of many peers that have much to get, each gets a part in every round, and a round is bounded",
		file:    "internal/stream/batch.go",
		old:     "b.rest[:min(len(b.rest), max-written)]",
		new:     "b.rest",
		pkg:     "gonngtest", test: "TestContracts",
	},
	{
		promise: "What Send accepted is written, or counted as Unsent, or named by Close",
		file:    "pipe_write.go",
		old:     "c.Abandon(p.peer.Current())",
		new:     "_ = c",
		pkg:     ".", test: "TestPartIsCounted",
	},
	{
		promise: "Of many busy sockets of a process each has its turn soon",
		file:    "recv.go",
		old:     "turn := s.taken%turnMessages == 0",
		new:     "turn := false",
		pkg:     ".", test: "TestReceiverTakesTurns",
	},
	{
		promise: "Of many busy sockets of a process each has its turn soon",
		file:    "pipe_read.go",
		old:     "p.yield = bytes >= turnBytes",
		new:     "p.yield = false",
		pkg:     ".", test: "TestReaderTakesTurns",
	},
	{
		promise: "The slice given to Send is the caller's again, the one that Recv returns is the caller's",
		file:    "recv.go",
		old:     "body := append(make([]byte, 0, len(data.Data)-data.Header), data.Body()...)",
		new:     "body := data.Body()",
		pkg:     "internal/itest", test: "TestConformanceReceivedSliceIsTheCallers",
	},
	{
		promise: "Freeing twice is harmless",
		file:    "message.go",
		old:     "if m.freed.CompareAndSwap(false, true) {\n\t\tm.empty()",
		new:     "if data := m.in.Data; !m.freed.Swap(true) || true {\n\t\tdata.Release()",
		pkg:     "internal/itest", test: "TestConformanceFreeTwice",
	},
	{
		promise: "A send or receive allocates no more than it says",
		file:    "recv.go",
		old:     "n := copy(buf, m.Bytes())",
		new:     "n := copy(buf, append([]byte(nil), m.Bytes()...))",
		pkg:     "internal/itest", test: "TestAllocations",
	},
	{
		promise: "The iterators end quietly when the socket closes",
		file:    "recv.go",
		old:     "if errors.Is(err, ErrClosed) ||",
		new:     "if errors.Is(err, nil) && err != nil ||",
		pkg:     "internal/itest", test: "TestConformanceIterators",
	},
	{
		promise: "A timeout says what was missing: a peer, and why dialing failed, or room",
		file:    "wait.go",
		old:     `return &explained{err, "no peer is connected", last}`,
		new:     "return err",
		pkg:     "internal/itest", test: "TestTimeoutTellsWhatIsMissing",
	},
	{
		promise: "RecvFD and SendFD are readable while a call would not wait",
		file:    "lock.go",
		old:     "s.recvFD.Want(s.canRecvLocked())",
		new:     "s.recvFD.Want(false)",
		pkg:     "internal/itest", test: "TestRecvFD",
	},
	{
		promise: "A connection on which nothing comes holds no chunk",
		file:    "internal/stream/reader.go",
		old:     "if len(r.chunk.Bytes()) > smallChunk || !r.chunk.Shared() {",
		new:     "if false {",
		pkg:     "internal/stream", test: "TestIdle",
	},
	{
		promise: "A wake-up that a receiver has no use for is passed on",
		file:    "wait.go",
		old:     "s.core.PassOn(&w.Waiter)",
		new:     "w.Woken()",
		pkg:     "internal/itest", test: "TestWakeUpIsPassedOn",
	},
	{
		promise: "A sender that was woken wakes the next",
		file:    "send.go",
		old:     "\t\t\ts.core.WakeOne(room) // the next sender may find room, too\n",
		new:     "",
		pkg:     "internal/itest", test: "TestSendersWakeEachOther",
	},
	{
		promise: "Drops of a reason have an event when they begin and when they end, and its count is that of the counter",
		file:    "losses.go",
		old:     "if one.on && (l.ended ||",
		new:     "if false && (l.ended ||",
		pkg:     "internal/itest", test: "TestEventsOfDrops",
	},
	{
		promise: "A call that must not wait returns, whatever arrives for others meanwhile",
		file:    "pipe_read.go",
		old:     "\tp.arrived = p.tryReader.TryRead(p.arrived[:0])\n\tp.deliverArrived()\n",
		new:     "\tfor p.arrived = p.tryReader.TryRead(nil); len(p.arrived) > 0; p.arrived = p.tryReader.TryRead(nil) {\n\t\tp.deliverArrived()\n\t}\n",
		pkg:     ".", test: "TestTryRecvReturns",
	},
}
