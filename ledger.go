package gonng

import (
	"math/rand/v2"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// ledger numbers requests or surveys and finds whose an answer is.
type ledger[T any] struct {
	open   map[uint32]T
	last   uint32
	unread int // answers that wait to be received
}

func newLedger[T any]() ledger[T] {
	// It starts at random: a restarted program must not take an answer to the
	// one before for its own.
	return ledger[T]{open: make(map[uint32]T), last: rand.Uint32()}
}

// next is a number that was not used for a long time.
func (l *ledger[T]) next() uint32 {
	l.last++
	return l.last | wire.EndBit
}

func (l *ledger[T]) gauge(st *Stats) { st.Outstanding, st.RecvQueue = len(l.open), l.unread }

// whose is the owner of an answer.
func (l *ledger[T]) whose(m transport.Message) (T, bool) {
	owner, ok := l.open[wire.ID(m.Data)]
	return owner, ok
}
