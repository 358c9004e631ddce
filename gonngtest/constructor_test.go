package gonngtest

import (
	"testing"

	"github.com/gonng/gonng"
)

func TestConstructorOf(t *testing.T) {
	NoLeaks(t)
	always := []gonng.ReqOption{gonng.WithName("always")}
	for name, opts := range map[string][]gonng.SocketOption{
		"always": nil,
		"later":  {gonng.WithName("later")},
	} {
		s, err := ConstructorOf(gonng.NewReq0, always...)(opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Protocol() != gonng.ProtocolReq0 || s.Name() != name {
			t.Errorf("made a %v named %q, want a req named %q", s.Protocol(), s.Name(), name)
		}
	}
}
