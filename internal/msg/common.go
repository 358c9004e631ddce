package msg

// Common is where a message that goes to many peers is put into the form of the wire once:
// the batches of the peers refer to these bytes, one message behind the other, and copy
// nothing. So a peer costs the sender little, and a peer that is behind costs no memory
// of its own as long as others are, too.
type Common struct {
	header, body []byte
	number       uint64 // of the message, so that each log knows whether it has that one
	logs         []commonLog
}

// A CommonBatch is a Batch that can refer to the bytes of a Common.
type CommonBatch interface {
	Batch
	// AppendCommon adds the present message of c.
	AppendCommon(c *Common)
}

// Set makes a message the present one. The slices are used until the next Set.
func (c *Common) Set(header, body []byte) {
	c.header, c.body = header, body
	c.number++
}

// Header and Body are the parts of the present message.
func (c *Common) Header() []byte { return c.header }
func (c *Common) Body() []byte   { return c.body }

// Log is where the messages lie in the form that has that number.
func (c *Common) Log(form uint8) *commonLog {
	for len(c.logs) <= int(form) {
		c.logs = append(c.logs, commonLog{})
	}
	l := &c.logs[form]
	l.wanted = c.number
	return l
}

// commonLog is messages in one form of the wire.
type commonLog struct {
	segment      *Buffer // where the last message lies, and the next one will if it fits
	used         int     // bytes of segment
	wanted, last uint64  // the numbers of the present message, and of that in entry
	entry        Message // the present message; the reference is that of segment
	before       Message // the last message of the segment before
}

// The sizes of a segment: the first is for publishers that send little.
const (
	firstSegment = 4 << 10
	segmentSize  = 64 << 10
)

// Missing reports whether the log does not have the present message yet. Then Room and
// Put add it.
func (l *commonLog) Missing() bool { return l.last != l.wanted }

// Room is an empty slice with a capacity of at least n bytes, to append the message to.
func (l *commonLog) Room(n int) []byte {
	if l.segment == nil || len(l.segment.bytes)-l.used < n {
		size := firstSegment
		if l.segment != nil {
			size = min(2*len(l.segment.bytes), segmentSize)
			l.before = l.entry
			l.segment.Release()
		}
		l.segment, l.used = NewBuffer(max(size, n)), 0
	}
	return l.segment.bytes[l.used:l.used]
}

// Put tells what Room was filled with.
func (l *commonLog) Put(filled []byte) {
	l.used += len(filled)
	l.entry, l.last = In(l.segment, filled), l.wanted
}

// Follow adds the present message to run, which is a reference to the messages before
// it, and reports whether it could: they must be those right before it in memory.
func (l *commonLog) Follow(run *Message) bool {
	if !run.Shares(&l.entry) || cap(run.Data)-len(run.Data) != cap(l.entry.Data) {
		return false
	}
	run.Data = run.Data[:len(run.Data)+len(l.entry.Data)]
	return true
}

// Begins reports whether the present message begins a segment, and run ends with the last
// message of the segment before.
func (l *commonLog) Begins(run *Message) bool {
	return l.used == len(l.entry.Data) && run.Shares(&l.before) &&
		cap(run.Data)-len(run.Data) == cap(l.before.Data)-len(l.before.Data)
}

// Run is a new reference to the present message.
func (l *commonLog) Run() Message { return l.entry.Retain() }
