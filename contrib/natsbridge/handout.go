package natsbridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
)

// fetchTime is how long one question for messages is open.
const fetchTime = 2 * time.Second

// handing hands the messages of a stream out: to workers, or to whoever pulls.
type handing struct {
	*running
	consumer jetstream.Consumer
	last     uint64       // sequence of the newest message that was taken
	beat     atomic.Int64 // nanoseconds between two beats; beats reads them, findConsumer writes them

	// A message that the bridge holds has a slot. What is fetched is handed out by one
	// goroutine, so that one worker gets it in order.
	slots  chan *gonng.ReqContext // the free ones; nil contexts for Push0
	taken  chan taken
	asking sync.WaitGroup

	mu   sync.Mutex
	held map[jetstream.Msg]bool
}

// taken is a message with its slot.
type taken struct {
	slot *gonng.ReqContext
	msg  jetstream.Msg
}

// handOut takes messages from the stream as long as there are slots and peers.
func (r *running) handOut() (err error) {
	h := &handing{
		running: r,
		slots:   make(chan *gonng.ReqContext, r.InFlight),
		taken:   make(chan taken, r.InFlight),
		held:    make(map[jetstream.Msg]bool),
	}
	if err := h.findConsumer(); err != nil {
		return err
	}
	if req, ok := r.socket.(*gonng.Req0); ok {
		// The bridge gives up before the socket would ask a second worker.
		if err := req.Set(gonng.WithResendTime(2 * r.Timeout)); err != nil {
			return err
		}
		for range r.InFlight {
			c, err := req.NewContext()
			if err != nil {
				return err
			}
			defer c.Close()
			h.slots <- c
		}
	} else {
		for range r.InFlight {
			h.slots <- nil
		}
	}
	if err := r.start(); err != nil {
		return err
	}
	beating, stopBeating := context.WithCancel(context.Background())
	var beats, hands sync.WaitGroup
	beats.Go(func() { h.beats(beating) })
	hands.Go(h.handEach)
	err = h.fetch()
	close(h.taken)
	hands.Wait()
	h.asking.Wait()
	stopBeating()
	beats.Wait()
	if h.Durable == "" {
		h.deleteConsumer()
	}
	return err
}

// findConsumer takes the consumer that there is, or makes it.
func (h *handing) findConsumer() error {
	err := h.retry(h.stop, func(ctx context.Context) (err error) {
		if h.Durable != "" {
			h.consumer, err = h.js.Consumer(ctx, h.Stream, h.Durable)
			if !errors.Is(err, jetstream.ErrConsumerNotFound) {
				return err
			}
		}
		c := jetstream.ConsumerConfig{
			Durable: h.Durable, FilterSubject: h.Subject,
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: h.AckWait, MaxAckPending: -1,
		}
		if h.Durable == "" {
			c.InactiveThreshold = time.Hour
			if h.last > 0 {
				c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, h.last+1
			}
		}
		h.consumer, err = h.js.CreateConsumer(ctx, h.Stream, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("stream %s: consumer %s: %w", h.Stream, h.Durable, err)
	}
	c := h.consumer.CachedInfo().Config
	if c.AckPolicy != jetstream.AckExplicitPolicy {
		return fmt.Errorf("stream %s: consumer %s does not acknowledge each message (its policy is %v)", h.Stream, h.Durable, c.AckPolicy)
	}
	if c.MaxDeliver > 0 {
		h.log.Warn("gonng: the consumer itself gives up messages, which then do not go to the dead", "consumer", h.Durable, "max_deliver", c.MaxDeliver)
	}
	h.beat.Store(int64(max(c.AckWait/3, time.Millisecond)))
	return nil
}

// deleteConsumer deletes the bridge's own consumer. One that is left JetStream deletes, see
// InactiveThreshold.
func (h *handing) deleteConsumer() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.work), time.Second)
	defer cancel()
	if err := h.js.DeleteConsumer(ctx, h.Stream, h.consumer.CachedInfo().Name); err != nil {
		h.log.Info("gonng: the consumer of the bridge is left for an hour", "error", err)
	}
}

// fetch takes messages until the bridge is stopped: as many as there are free slots.
func (h *handing) fetch() error {
	for {
		if err := h.socket.WaitPeers(h.stop, 1); err != nil {
			return err
		}
		n, err := h.reserve()
		if err != nil {
			return err
		}
		err = h.fetchUpTo(n)
		switch {
		case h.stop.Err() != nil:
			return h.stop.Err()
		case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, nats.ErrNoResponders):
			// It is gone with its stream, or the server has just begun.
			h.log.Warn("gonng: the consumer has gone, looking for it", "error", err)
			if err := pause(h.stop, retryPause); err != nil {
				return err
			}
			if err := h.findConsumer(); err != nil {
				return err
			}
		case err != nil:
			h.log.Info("gonng: cannot fetch messages, trying again", "error", err)
			if err := pause(h.stop, retryPause); err != nil {
				return err
			}
		}
	}
}

// reserve waits until a slot is free, and returns how many are. Only fetch takes slots.
func (h *handing) reserve() (int, error) {
	select {
	case c := <-h.slots:
		h.slots <- c
		return len(h.slots), nil
	case <-h.stop.Done():
		return 0, h.stop.Err()
	}
}

func (h *handing) fetchUpTo(n int) error {
	ctx, cancel := context.WithTimeout(h.stop, fetchTime)
	defer cancel()
	batch, err := h.consumer.Fetch(n, jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if meta, err := m.Metadata(); err == nil {
			h.last = max(h.last, meta.Sequence.Stream)
		}
		h.hold(m, true)
		h.taken <- taken{<-h.slots, m}
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) {
		return err
	}
	return nil
}

func (h *handing) hold(m jetstream.Msg, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on {
		h.held[m] = true
	} else {
		delete(h.held, m)
	}
}

// beats tells JetStream, until ctx ends, that the bridge still has what it holds.
func (h *handing) beats(ctx context.Context) {
	for pause(ctx, time.Duration(h.beat.Load())) == nil {
		h.mu.Lock()
		held := make([]jetstream.Msg, 0, len(h.held))
		for m := range h.held {
			held = append(held, m)
		}
		h.mu.Unlock()
		for _, m := range held {
			_ = m.InProgress() // it may just have been acknowledged
		}
	}
}

// handEach hands out one message after the other.
func (h *handing) handEach() {
	for t := range h.taken {
		if err := h.hand(t.slot, t.msg); err != nil {
			h.done(t.slot, t.msg, t.msg.Nak())
		}
	}
}

// hand gives m to a peer. Its error is that the bridge was stopped before it could.
func (h *handing) hand(c *gonng.ReqContext, m jetstream.Msg) error {
	if err := h.stop.Err(); err != nil {
		return err
	}
	body := gonng.NewMessage(h.body(m.Headers(), m.Data()))
	if c == nil {
		if err := h.socket.(*gonng.Push0).SendMsg(h.stop, body); err != nil {
			return err
		}
		h.done(c, m, m.Ack())
		return nil
	}
	if err := c.SendMsg(h.stop, body); err != nil {
		return err
	}
	h.asking.Go(func() {
		ctx, cancel := context.WithTimeout(h.work, h.Timeout)
		defer cancel()
		reply, err := c.RecvMsg(ctx)
		if err == nil {
			err = failureOf(reply.Bytes())
			reply.Free()
		} else if h.work.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no reply within %v", h.Timeout)
		}
		if err == nil {
			h.done(c, m, m.Ack())
			return
		}
		h.done(c, m, h.failed(m, err))
	})
	return nil
}

// done frees the slot of m. err is that of its acknowledgement: without one, JetStream
// delivers it again.
func (h *handing) done(c *gonng.ReqContext, m jetstream.Msg, err error) {
	h.hold(m, false)
	h.slots <- c
	if err != nil {
		h.log.Warn("gonng: a message is not acknowledged and comes again", "subject", m.Subject(), "error", err)
	}
}

// failed has m delivered again after the pause, or buries it.
func (h *handing) failed(m jetstream.Msg, why error) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	log := h.log.With("subject", m.Subject(), "sequence", meta.Sequence.Stream, "deliveries", meta.NumDelivered, "reason", why)
	if h.MaxDeliver == 0 || meta.NumDelivered < uint64(h.MaxDeliver) || h.work.Err() != nil {
		log.Warn("gonng: a worker failed, the message comes again")
		return m.NakWithDelay(h.Pause)
	}
	ctx, cancel := context.WithTimeout(h.work, h.Timeout)
	defer cancel()
	if _, err := h.store(ctx, h.dead(m, meta, why)); err != nil {
		log.Error("gonng: the message cannot go to the dead and comes again", "dead", h.Dead, "error", err)
		return m.NakWithDelay(h.Pause)
	}
	log.Error("gonng: the message goes to the dead", "dead", h.Dead)
	return m.Ack()
}

// dead is the message for the subject of the dead. What NATS itself understands of the
// header is left out: it was for the stream that the message comes from.
func (h *handing) dead(m jetstream.Msg, meta *jetstream.MsgMetadata, why error) *nats.Msg {
	header := nats.Header{}
	for k, v := range m.Headers() {
		if !strings.HasPrefix(strings.ToLower(k), "nats-") {
			header[k] = v
		}
	}
	sequence := strconv.FormatUint(meta.Sequence.Stream, 10)
	reason := strings.NewReplacer("\r", " ", "\n", " ").Replace(why.Error())
	for k, v := range map[string]string{
		"Gonng-Dead-Reason":     reason,
		"Gonng-Dead-Stream":     meta.Stream,
		"Gonng-Dead-Subject":    m.Subject(),
		"Gonng-Dead-Sequence":   sequence,
		"Gonng-Dead-Deliveries": strconv.FormatUint(meta.NumDelivered, 10),
		jetstream.MsgIDHeader:   meta.Stream + "/" + meta.Consumer + "/" + sequence,
	} {
		header[k] = []string{v}
	}
	return &nats.Msg{Subject: h.Dead, Header: header, Data: m.Data()}
}
