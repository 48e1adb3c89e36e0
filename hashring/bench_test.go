package hashring_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/zbsclient/zbsclient/hashring"
)

var nodeCounts = []int{3, 16, 128, 1000}

// hexNames returns names of 32 hexadecimal digits, like ZStack's UUIDs. The same seed
// gives the same names.
func hexNames(n int, seed uint64) []string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%016x%016x", rnd.Uint64(), rnd.Uint64())
	}
	return names
}

// eachRing runs a benchmark for both placements and all sizes, over 4,096 keys of
// 32 characters. These are too many for the branch predictor, and few enough that the
// keys themselves stay in the first- and second-level caches.
func eachRing(b *testing.B, f func(b *testing.B, r *hashring.Ring, keys []string)) {
	keys := hexNames(1<<12, 1)
	for _, p := range []hashring.Placement{hashring.Default, hashring.ZStack} {
		for _, n := range nodeCounts {
			r := hashring.New(p, hexNames(n, 2)...)
			b.Run(fmt.Sprintf("%v/nodes=%d", p, n), func(b *testing.B) {
				b.ReportAllocs()
				f(b, r, keys)
			})
		}
	}
}

func BenchmarkOwner(b *testing.B) {
	eachRing(b, func(b *testing.B, r *hashring.Ring, keys []string) {
		i := 0
		for b.Loop() {
			if _, ok := r.Owner(keys[i&(1<<12-1)]); !ok {
				b.Fatal("no owner")
			}
			i++
		}
	})
}

// BenchmarkOwnerParallel divides the wall time by all operations: with two
// goroutines it must not exceed BenchmarkOwner.
func BenchmarkOwnerParallel(b *testing.B) {
	eachRing(b, func(b *testing.B, r *hashring.Ring, keys []string) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, ok := r.Owner(keys[i&(1<<12-1)]); !ok {
					b.Fatal("no owner")
				}
			}
		})
	})
}

func BenchmarkOwnerBytes(b *testing.B) {
	eachRing(b, func(b *testing.B, r *hashring.Ring, keys []string) {
		bytes := make([][]byte, len(keys))
		for i, key := range keys {
			bytes[i] = []byte(key)
		}
		i := 0
		for b.Loop() {
			if _, ok := r.OwnerBytes(bytes[i&(1<<12-1)]); !ok {
				b.Fatal("no owner")
			}
			i++
		}
	})
}

func BenchmarkAppendTop3(b *testing.B) {
	eachRing(b, func(b *testing.B, r *hashring.Ring, keys []string) {
		buf := make([]string, 0, 3)
		i := 0
		for b.Loop() {
			if buf = r.AppendOwners(buf[:0], keys[i&(1<<12-1)], 3); len(buf) != 3 {
				b.Fatal("no owners")
			}
			i++
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	eachRing(b, func(b *testing.B, r *hashring.Ring, keys []string) {
		i := 0
		for b.Loop() {
			for range r.Walk(keys[i&(1<<12-1)]) {
				i++
			}
		}
	})
}

func BenchmarkAddRemove(b *testing.B) {
	for _, p := range []hashring.Placement{hashring.Default, hashring.ZStack} {
		r := hashring.New(p, hexNames(15, 2)...)
		sixteenth := hexNames(1, 3)[0]
		b.Run(fmt.Sprintf("%v/add", p), func(b *testing.B) {
			for b.Loop() {
				r.Clone().Add(sixteenth)
			}
		})
		r.Add(sixteenth)
		b.Run(fmt.Sprintf("%v/remove", p), func(b *testing.B) {
			for b.Loop() {
				r.Clone().Remove(sixteenth)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for _, p := range []hashring.Placement{hashring.Default, hashring.ZStack} {
		for _, n := range nodeCounts {
			nodes := hexNames(n, 2)
			b.Run(fmt.Sprintf("%v/nodes=%d", p, n), func(b *testing.B) {
				for b.Loop() {
					hashring.New(p, nodes...)
				}
			})
		}
	}
}
