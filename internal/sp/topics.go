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
	for n := &t.root; n != nil; n, data = n.step(data) {
		if slices.Contains(n.subscribers, s) {
			return true
		}
	}
	return false
}

// add subscribes s to topic. s has not subscribed to it before.
func (t *topics) add(topic string, s *Subscriber) {
	n := &t.root
	for topic != "" {
		c := n.child(topic[0])
		if c == nil {
			c = &topicNode{label: strings.Clone(topic)}
			n.first, n.children = append(n.first, topic[0]), append(n.children, c)
		}
		common := commonPrefix(c.label, topic)
		if common < len(c.label) {
			c.split(common)
		}
		n, topic = c, topic[common:]
	}
	n.subscribers = append(n.subscribers, s)
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
func (t *topics) remove(topic string, s *Subscriber) { t.root.remove(topic, s) }

func (n *topicNode) remove(topic string, s *Subscriber) {
	if topic == "" {
		i := slices.Index(n.subscribers, s)
		n.subscribers = slices.Delete(n.subscribers, i, i+1)
		return
	}
	c := n.child(topic[0])
	c.remove(topic[len(c.label):], s)
	switch {
	case len(c.subscribers) > 0:
	case len(c.children) == 0:
		i := bytes.IndexByte(n.first, topic[0])
		n.first, n.children = slices.Delete(n.first, i, i+1), slices.Delete(n.children, i, i+1)
	case len(c.children) == 1:
		only := c.children[0]
		only.label = c.label + only.label
		*c = *only
	}
}
