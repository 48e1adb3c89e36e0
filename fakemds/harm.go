package fakemds

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// Harm is a change of a node or of the storage that the caller did not ask for,
// or a password that reached a place that does not need it.
type Harm struct {
	Node     string // address of the node
	Endpoint string // like "volume/delete", also one that the node does not have
	Request  int    // ID of the Request that did it
	What     string // in words, without the password
	At       time.Time
}

// Harm returns a copy of all harm done on the node, or to the storage through it,
// in order; nil when there was none. It has an entry for
//
//   - each write of client.conf, by facts of G1;
//   - a change of something called "None", which is a name that the request lacks;
//   - a change of another volume or snapshot than the path says: volume/delete,
//     volume/expand, volume/flatten and snapshot/create of a snapshot path, any
//     path with something behind the part that the agent reads, the export of a
//     snapshot found by substring, a size whose unit and a copy whose dstPool the
//     agent does not read;
//   - copy with a threadContext that failed and deleted a volume;
//   - metadata/sync that replaced an agentVersion by another one;
//   - a password in a request whose endpoint does not need it, does not exist in
//     the node's generation, or was only probed;
//   - a name with characters of the shell in a command that the agent ran.
//
// Success that changed nothing is no harm, see Request.DidNothing.
func (n *Node) Harm() []Harm {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.harm)
}

// Harm returns a copy of all harm done on any node, in order of time; nil when
// there was none.
func (c *Cluster) Harm() []Harm {
	var all []Harm
	for _, n := range c.nodes {
		all = append(all, n.Harm()...)
	}
	slices.SortStableFunc(all, func(a, b Harm) int { return a.At.Compare(b.At) })
	return all
}

// harmLocked writes one entry into the ledger of harm.
func (x *exchange) harmLocked(what string) {
	path, _ := strings.CutPrefix(x.req.URL.Path, x.node.cluster.cfg.root)
	x.node.harm = append(x.node.harm, Harm{
		Node: x.node.addr, Endpoint: endpointName(path), Request: x.rec.ID, What: what, At: time.Now(),
	})
}

// harms notes harm that the handler does; settle writes it down, because a handler
// may hold the lock of the node.
func (x *exchange) harms(what string) { x.done = append(x.done, what) }

// settle writes down what the handler did.
func (x *exchange) settle(err error) {
	x.note(func(r *Request) {
		for _, what := range x.done {
			x.harmLocked(what)
		}
		r.DidNothing = x.idle && err == nil
		if err != nil {
			r.Failure = err.Error()
		}
	})
}

// acted notes that the handler changed what has these names.
func (x *exchange) acted(names ...string) {
	if slices.Contains(names, "None") {
		x.harms("acted on a name that the request lacks: " + strings.Join(names, ", "))
	}
}

// actedOnVolume notes that the handler changed the volume of the path.
func (x *exchange) actedOnVolume(t target) {
	if t.snapshot != nil && !x.ep.byName {
		x.harms("the path " + t.text + " is a snapshot: acted on the volume " + t.file())
	}
	x.actedOnPath(t)
}

// actedOnSnapshotOf notes that the handler made a snapshot of the volume of the
// path.
func (x *exchange) actedOnSnapshotOf(t target, name string) {
	x.actedOnVolume(t)
	x.acted(name)
}

// actedOnSnapshot notes that the handler changed the snapshot of the path.
func (x *exchange) actedOnSnapshot(t target) {
	x.actedOnPath(t)
	x.acted(python.Str(t.snapshot))
}

func (x *exchange) actedOnPath(t target) {
	if t.stray {
		x.harms("the path " + t.text + " goes on behind what the agent reads: acted on " + t.file())
	}
	x.acted(t.logical, t.volume)
}

// shellMeta are the characters that a shell does not take as part of a word.
const shellMeta = " \t\r\n;&|$`<>()'\"\\*?[]"

// shell notes values that the handler puts into a command line unquoted.
func (x *exchange) shell(values ...any) {
	for _, v := range values {
		if text, ok := v.(string); ok && strings.ContainsAny(text, shellMeta) {
			x.harms("the shell of the node read " + python.Repr(text))
		}
	}
}

// leaksPassword tells whether the request carries a password that its endpoint
// does not need.
func (x *exchange) leaksPassword(probe bool) bool {
	return holdsPassword(x.body) && (x.ep == nil || !x.ep.secret || probe)
}

// holdsPassword tells whether a body has a password in it: a field whose name says
// so, or that word anywhere in a body that is no JSON.
func holdsPassword(body []byte) bool {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return strings.Contains(strings.ToLower(string(body)), "password")
	}
	return hasPassword(v)
}

func hasPassword(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, hasPassword)
	case map[string]any:
		for key, field := range v {
			if strings.Contains(strings.ToLower(key), "password") && field != nil && field != "" || hasPassword(field) {
				return true
			}
		}
	}
	return false
}
