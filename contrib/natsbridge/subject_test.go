package natsbridge

import (
	"testing"
)

// FuzzTopic: each topic comes back from its subject, and each subject is one for NATS.
func FuzzTopic(f *testing.F) {
	for _, t := range []string{"", "a", "a.b", ".a", "a.", "a..b", "...", "%", "%41", "a b*>c", "\x00\xff", "é", ".", "%2E"} {
		f.Add(t)
	}
	f.Fuzz(func(t *testing.T, topic string) {
		s := subjectOf("base", topic)
		if err := checkSubject(s, false); err != nil {
			t.Errorf("%q becomes %q: %v", topic, s, err)
		}
		if back, err := topicOf("base", s); err != nil || back != topic {
			t.Errorf("%q becomes %q and then %q, %v", topic, s, back, err)
		}
	})
}
