package mds

import (
	"iter"
	"slices"
)

// Router says in which order the MDS are asked for a key: it yields their
// names, which are the text of their addresses. Names it leaves out are asked
// last. It must be safe for concurrent use. A *hashring.Ring is one.
type Router interface {
	Walk(key string) iter.Seq[string]
}

// route returns whom to ask, in the order of the router or the list. It may be
// the Caller's own list, which must not be changed.
func (c *Caller) route(cc *callConfig) []*node {
	switch {
	case cc.target != nil:
		if n := c.byName[cc.target.String()]; n != nil {
			return []*node{n}
		}
		return nil
	case len(cc.except) > 0:
		excepted := func(n *node) bool { return slices.Contains(cc.except, n.addr) }
		return slices.DeleteFunc(c.routed(cc.key), excepted)
	case cc.key != "":
		return c.routed(cc.key)
	default:
		return c.nodes
	}
}

// routed returns every node once, those that the router names for the key first.
func (c *Caller) routed(key string) []*node {
	nodes := make([]*node, 0, len(c.nodes))
	add := func(n *node) {
		if n != nil && !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	if key != "" {
		for name := range c.router().Walk(key) {
			add(c.byName[name])
		}
	}
	for _, n := range c.nodes {
		add(n)
	}
	return nodes
}
