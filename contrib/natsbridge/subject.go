package natsbridge

import (
	"fmt"
	"slices"
	"strings"
)

// subjects finds the subject of a message that a Sub0 has received. Its topic is the longest
// one that the bridge has subscribed to and that the body begins with. The topic becomes the
// tokens behind the base, what follows it is the payload. topicOf is the way back.
type subjects struct {
	base   string
	topics []string          // the longest first
	of     map[string]string // the subject of each
}

func newSubjects(base string, topics []string) *subjects {
	s := &subjects{base, slices.Clone(topics), make(map[string]string)}
	slices.SortStableFunc(s.topics, func(a, b string) int { return len(b) - len(a) })
	for _, t := range s.topics {
		s.of[t] = subjectOf(base, t)
	}
	return s
}

func (s *subjects) subject(body []byte) (subject string, payload []byte) {
	for _, t := range s.topics {
		if len(body) >= len(t) && string(body[:len(t)]) == t {
			return s.of[t], body[len(t):]
		}
	}
	return s.base, body
}

// subjectOf is the subject of a topic. Bytes that a token may not have become % and two
// digits, and so does % itself, and a dot that would make an empty token.
func subjectOf(base, topic string) string {
	if topic == "" {
		return base
	}
	b := append([]byte(base), '.')
	for i := range len(topic) {
		c := topic[i]
		ends := i == 0 || i == len(topic)-1 || topic[i-1] == '.'
		if c <= ' ' || c >= 0x7f || strings.IndexByte("%*>", c) >= 0 || c == '.' && ends {
			b = fmt.Appendf(b, "%%%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// topicOf is the topic of a subject, whatever its tokens are.
func topicOf(base, subject string) (string, error) {
	rest, ok := strings.CutPrefix(subject, base)
	if base != "" && ok && rest != "" {
		rest, ok = strings.CutPrefix(rest, ".")
	}
	if !ok {
		return "", fmt.Errorf("subject %s is not below %s", subject, base)
	}
	b := make([]byte, 0, len(rest))
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == '%' && i+2 < len(rest) {
			hi, lo := strings.IndexByte(hexDigits, rest[i+1]), strings.IndexByte(hexDigits, rest[i+2])
			if hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b), nil
}

const hexDigits = "0123456789ABCDEF"
