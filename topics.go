package gonng

import "slices"

// topics is a set of prefixes. A message is looked up once for each length
// that a topic has, however many topics there are.
type topics struct {
	set     map[string]struct{}
	lengths []topicLength // ascending
}

type topicLength struct{ length, count int }

func (t *topics) match(body []byte) bool {
	for _, l := range t.lengths {
		if l.length > len(body) {
			return false
		}
		if l.length == 0 {
			return true
		}
		if _, ok := t.set[string(body[:l.length])]; ok {
			return true
		}
	}
	return false
}

func (t *topics) add(topics []string) {
	if t.set == nil {
		t.set = make(map[string]struct{})
	}
	for _, topic := range topics {
		if _, ok := t.set[topic]; ok {
			continue
		}
		t.set[topic] = struct{}{}
		i, ok := t.find(len(topic))
		if !ok {
			t.lengths = slices.Insert(t.lengths, i, topicLength{length: len(topic)})
		}
		t.lengths[i].count++
	}
}

// remove removes all topics or, when one is not there, none.
func (t *topics) remove(topics []string) error {
	for n, topic := range topics {
		if _, ok := t.set[topic]; !ok {
			t.add(topics[:n])
			return errorf(ErrNoEntry, "there is no subscription to %q", topic)
		}
		delete(t.set, topic)
		i, _ := t.find(len(topic))
		if t.lengths[i].count--; t.lengths[i].count == 0 {
			t.lengths = slices.Delete(t.lengths, i, i+1)
		}
	}
	return nil
}

func (t *topics) find(length int) (int, bool) {
	return slices.BinarySearchFunc(t.lengths, length, func(l topicLength, n int) int { return l.length - n })
}
