package sp

import "maps"

// table is a map that gives back the memory of entries that have gone. A Go map keeps what it
// needed when it was fullest.
type table[K comparable, V any] struct {
	entries map[K]V
	most    int // entries that there were since entries was made
}

// manyEntries is how many entries a table had before it gives memory back, and shrinkBy the
// part of them that is left then: so few that copying them costs little for each removed.
const (
	manyEntries = 1024
	shrinkBy    = 8
)

func (t *table[K, V]) set(key K, value V) {
	if t.entries == nil {
		t.entries = make(map[K]V)
	}
	t.entries[key] = value
	t.most = max(t.most, len(t.entries))
}

func (t *table[K, V]) remove(key K) {
	delete(t.entries, key)
	if n := len(t.entries); t.most >= manyEntries && n <= t.most/shrinkBy {
		left := make(map[K]V, n)
		maps.Copy(left, t.entries)
		t.entries, t.most = left, n
	}
}
