package mds

import (
	"hash/fnv"
	"iter"
	"slices"
)

// Router says in which order the MDS are asked for a key: it yields their
// names, which are the text of their addresses. Names it leaves out are asked
// last. It must be safe for concurrent use.
type Router interface {
	Walk(key string) iter.Seq[string]
}

// hashRouter orders names by the hash of key and name: the same everywhere,
// and a name that leaves does not disturb the order of the others.
type hashRouter []string

func (r hashRouter) Walk(key string) iter.Seq[string] {
	type ranked struct {
		name string
		rank uint64
	}
	names := make([]ranked, len(r))
	for i, name := range r {
		h := fnv.New64a()
		h.Write([]byte(key))
		h.Write([]byte{0})
		h.Write([]byte(name))
		names[i] = ranked{name, h.Sum64()}
	}
	slices.SortFunc(names, func(a, b ranked) int {
		if a.rank < b.rank {
			return -1
		}
		return 1
	})
	return func(yield func(string) bool) {
		for _, n := range names {
			if !yield(n.name) {
				return
			}
		}
	}
}
