package bench

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"github.com/buraksezer/consistent"
	jump "github.com/dgryski/go-jump"
	"github.com/dgryski/go-rendezvous"
	serialx "github.com/serialx/hashring"
	stathat "stathat.com/c/consistent"

	"github.com/zbsclient/zbsclient/hashring"
)

// peer builds a ring of nodes and returns its lookup.
type peer struct {
	name  string
	build func(nodes []string) func(key string) string
}

var peers = []peer{
	{"hashring/default", ours(hashring.Default)},
	{"hashring/zstack", ours(hashring.ZStack)},
	{"buraksezer", func(nodes []string) func(string) string {
		// Its partitions need a multiple of the nodes.
		c := consistent.New(nil, consistent.Config{
			Hasher: fnvHasher{}, PartitionCount: max(271, 8*len(nodes)+1), ReplicationFactor: 20, Load: 1.25,
		})
		for _, n := range nodes {
			c.Add(member(n))
		}
		return func(key string) string { return c.LocateKey([]byte(key)).String() }
	}},
	{"stathat", func(nodes []string) func(string) string {
		c := stathat.New()
		c.Set(nodes)
		return func(key string) string { owner, _ := c.Get(key); return owner }
	}},
	{"rendezvous", func(nodes []string) func(string) string {
		return rendezvous.New(nodes, fnvString).Lookup
	}},
	{"jump", func(nodes []string) func(string) string {
		return func(key string) string { return nodes[jump.Hash(fnvString(key), len(nodes))] }
	}},
	{"serialx", func(nodes []string) func(string) string {
		r := serialx.New(nodes)
		return func(key string) string { owner, _ := r.GetNode(key); return owner }
	}},
}

func ours(p hashring.Placement) func([]string) func(string) string {
	return func(nodes []string) func(string) string {
		r := hashring.New(p, nodes...)
		return func(key string) string { owner, _ := r.Owner(key); return owner }
	}
}

type member string

func (m member) String() string { return string(m) }

// fnvHasher is for the peers that leave the hash to the caller. FNV is what most of
// their own examples use.
type fnvHasher struct{}

func (fnvHasher) Sum64(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

func fnvString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func names(n int, seed uint64) []string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%016x%016x", rnd.Uint64(), rnd.Uint64())
	}
	return names
}

// BenchmarkOwner looks up keys of 32 characters. The metric max/mean is the largest
// load of a node over 200,000 keys.
func BenchmarkOwner(b *testing.B) {
	keys, sample := names(1<<12, 1), names(200_000, 3)
	for _, nodes := range []int{3, 16, 128, 1000} {
		for _, p := range peers {
			b.Run(fmt.Sprintf("%s/nodes=%d", p.name, nodes), func(b *testing.B) {
				owner := p.build(names(nodes, 2))
				load, most := make(map[string]int), 0
				for _, key := range sample {
					n := owner(key)
					load[n]++
					most = max(most, load[n])
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if owner(keys[i&(1<<12-1)]) == "" {
						b.Fatal("no owner")
					}
					i++
				}
				b.ReportMetric(float64(most*nodes)/float64(len(sample)), "max/mean")
			})
		}
	}
}
