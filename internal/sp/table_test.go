package sp

import (
	"maps"
	"testing"
)

// TestTable: a table has what a map would have, and room for little more.
func TestTable(t *testing.T) {
	r := newRig(t, NewSub(), Config{})
	var x table[int, int]
	want := make(map[int]int)
	for range 10 {
		for range 20_000 { // it grows
			k, v := r.random.IntN(10*manyEntries), r.random.IntN(10)
			x.set(k, v)
			want[k] = v
		}
		for range 200_000 { // and empties
			k := r.random.IntN(10 * manyEntries)
			x.remove(k)
			delete(want, k)
		}
		if !maps.Equal(x.entries, want) {
			t.Fatalf("%d entries, want %d others", len(x.entries), len(want))
		}
		if x.most >= manyEntries {
			t.Fatalf("there is room for %d entries, and %d are left", x.most, len(want))
		}
	}
}
