package sim

import "encoding/binary"

// body makes a message of that size with a number of its own.
func (w *world) body(topic string, size int, question uint64) (body []byte, id uint64) {
	id = uint64(len(w.sizes))
	size = max(size, 18)
	w.sizes, w.topics = append(w.sizes, size), append(w.topics, topic)
	body = make([]byte, size)
	for i := copy(body, topic); i < size-16; i++ {
		body[i] = byte(id)
	}
	binary.BigEndian.PutUint64(body[size-16:], question)
	binary.BigEndian.PutUint64(body[size-8:], id)
	return body, id
}

// number is that of the message, whatever header it has; questionOf is of the one that it
// answers.
func number(data []byte) uint64     { return binary.BigEndian.Uint64(data[len(data)-8:]) }
func questionOf(data []byte) uint64 { return binary.BigEndian.Uint64(data[len(data)-16:]) }

// checkBody checks that a message is still what it was.
func (w *world) checkBody(body []byte) uint64 {
	id := uint64(0)
	if len(body) >= 18 {
		id = number(body)
	}
	if id >= uint64(len(w.sizes)) || len(body) != w.sizes[id] {
		w.fail("a message has changed", "%d bytes, number %d", len(body), id)
	}
	for _, b := range body[2 : len(body)-16] {
		if b != byte(id) {
			w.fail("a message has changed", "number %d", id)
		}
	}
	return id
}
