package mds

import "iter"

// Router says in which order the MDS are asked for a key: it yields their
// names, which are the text of their addresses. Names it leaves out are asked
// last. It must be safe for concurrent use. A *hashring.Ring is one.
type Router interface {
	Walk(key string) iter.Seq[string]
}
