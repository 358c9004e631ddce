package gonng

import (
	"slices"
	"testing"
)

// A walk over many pipes takes at most snapshotPart at a time, and goes on at the right pipe
// though pipes go and come in between.
func TestWalk(t *testing.T) {
	var l walked[*Pipe]
	pipes := make([]*Pipe, 3*snapshotPart)
	places := make([]*place, len(pipes))
	for i := range pipes {
		pipes[i] = new(Pipe)
		places[i] = l.add(pipes[i])
	}
	w := l.begin()
	first := l.part(w, snapshotPart)
	for _, i := range []int{0, snapshotPart - 1, snapshotPart, snapshotPart + 1, snapshotPart + 3} {
		l.remove(places[i])
	}
	late := new(Pipe)
	l.add(late)
	second := l.part(w, snapshotPart)
	third := l.part(w, snapshotPart)
	l.end(w)
	for _, part := range [][]*Pipe{first, second, third} {
		if len(part) > snapshotPart {
			t.Errorf("a part has %d pipes", len(part))
		}
	}
	want := slices.Concat(pipes[:snapshotPart], pipes[snapshotPart+2:snapshotPart+3], pipes[snapshotPart+4:], []*Pipe{late})
	if got := slices.Concat(first, second, third); !slices.Equal(got, want) {
		t.Errorf("the walk has %d pipes, want these %d", len(got), len(want))
	}
	if len(l.walks) != 0 {
		t.Error("the walk has not ended")
	}
}
