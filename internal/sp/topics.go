package sp

import (
	"bytes"
	"slices"
	"strings"
)

// topics finds the subscribers of a message. It is a tree in which topics that begin alike
// share nodes. A search walks along the first bytes of the message, so its cost does not
// grow with the number of topics and subscribers that do not match.
type topics struct{ root topicNode }

type topicNode struct {
	label       string // the bytes of the topic that the parent does not have
	subscribers []*Subscriber
	first       []byte // the first byte of the label of each child
	children    []*topicNode
}

// child returns the child whose label begins with b.
func (n *topicNode) child(b byte) *topicNode {
	if i := bytes.IndexByte(n.first, b); i >= 0 {
		return n.children[i]
	}
	return nil
}

// match appends to found the subscribers that want data. It sets the mark matched of each,
// so that it appends none twice; the caller clears the marks.
func (t *topics) match(data []byte, found []*Subscriber) []*Subscriber {
	for n := &t.root; n != nil; {
		for _, s := range n.subscribers {
			if !s.matched {
				s.matched = true
				found = append(found, s)
			}
		}
		n, data = n.step(data)
	}
	return found
}

// step returns the child of n whose label data begins with, and the rest of data. It
// returns nil when there is no such child.
func (n *topicNode) step(data []byte) (*topicNode, []byte) {
	if len(data) == 0 {
		return nil, nil
	}
	c := n.child(data[0])
	if c == nil || len(data) < len(c.label) || string(data[:len(c.label)]) != c.label {
		return nil, nil
	}
	return c, data[len(c.label):]
}

// wants reports whether s wants data.
func (t *topics) wants(data []byte, s *Subscriber) bool {
	rest := data
	for n := &t.root; n != nil; n, rest = n.step(rest) {
		if n.has(s, data[:len(data)-len(rest)]) {
			return true
		}
	}
	return false
}

// has reports whether s has subscribed to the topic of n.
func (n *topicNode) has(s *Subscriber, topic []byte) bool {
	if len(n.subscribers) <= fewSubscribers {
		return slices.Contains(n.subscribers, s)
	}
	_, ok := s.topics.entries[string(topic)]
	return ok
}

// fewSubscribers is how many subscribers are looked through faster than a topic is looked up.
const fewSubscribers = 8

// add subscribes s to topic, and reports whether it was not subscribed before.
func (t *topics) add(topic string, s *Subscriber) bool {
	if _, ok := s.topics.entries[topic]; ok {
		return false
	}
	n := &t.root
	for rest := topic; rest != ""; {
		c := n.child(rest[0])
		if c == nil {
			c = &topicNode{label: strings.Clone(rest)}
			n.first, n.children = append(n.first, rest[0]), append(n.children, c)
		}
		common := commonPrefix(c.label, rest)
		if common < len(c.label) {
			c.split(common)
		}
		n, rest = c, rest[common:]
	}
	s.topics.set(strings.Clone(topic), len(n.subscribers)) // the program's may be a piece of something large
	n.subscribers = append(n.subscribers, s)
	return true
}

// commonPrefix returns the length of the longest beginning that a and b share.
func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// split shortens the label of n to its first bytes. A new child of n gets the rest of the
// label, and the subscribers and children of n.
func (n *topicNode) split(at int) {
	rest := &topicNode{label: n.label[at:], subscribers: n.subscribers, first: n.first, children: n.children}
	*n = topicNode{label: n.label[:at], first: []byte{rest.label[0]}, children: []*topicNode{rest}}
}

// remove undoes add: s is subscribed to topic. Nodes that are of no use any more are
// removed or joined.
func (t *topics) remove(topic string, s *Subscriber) {
	t.root.remove(topic, topic, s.topics.entries[topic])
	s.topics.remove(topic)
}

// remove removes the subscriber at place i from the node of topic, of which rest lies below n.
func (n *topicNode) remove(topic, rest string, i int) {
	if rest == "" {
		n.removeSubscriber(topic, i)
		return
	}
	c := n.child(rest[0])
	c.remove(topic, rest[len(c.label):], i)
	switch {
	case len(c.subscribers) > 0:
	case len(c.children) == 0:
		i := bytes.IndexByte(n.first, rest[0])
		n.first, n.children = slices.Delete(n.first, i, i+1), slices.Delete(n.children, i, i+1)
	case len(c.children) == 1:
		only := c.children[0]
		only.label = c.label + only.label
		*c = *only
	}
}

// removeSubscriber takes the subscriber at place i out. The last one gets its place, so that
// the cost does not grow with how many there are.
func (n *topicNode) removeSubscriber(topic string, i int) {
	last := len(n.subscribers) - 1
	if i < last {
		moved := n.subscribers[last]
		n.subscribers[i] = moved
		moved.topics.set(strings.Clone(topic), i)
	}
	n.subscribers[last] = nil
	if n.subscribers = n.subscribers[:last]; last == 0 {
		n.subscribers = nil
	}
}
