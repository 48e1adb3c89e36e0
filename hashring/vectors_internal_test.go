package hashring

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// vectors are answers of ZStack's own ring: org.zstack.utils.hash.ConsistentHash
// with ApacheHash over commons-lang 2.6.
type vectors struct {
	Hashes [][2]any `json:"hashes"`
	Rings  []struct {
		Name     string   `json:"name"`
		Replicas int      `json:"replicas"`
		Nodes    []string `json:"nodes"`
		Points   int      `json:"points"`
		First    int32    `json:"first"`
		Last     int32    `json:"last"`
		SHA256   string   `json:"sha256"`
		Keys     []string `json:"keys"`
		Owners   []int    `json:"owners"`
	} `json:"rings"`
	Sequences []struct {
		Name     string   `json:"name"`
		Replicas int      `json:"replicas"`
		Universe []string `json:"universe"`
		Initial  []string `json:"initial"`
		Probes   []string `json:"probes"`
		Steps    []struct {
			Op      string `json:"op"`
			Node    string `json:"node"`
			Members []int  `json:"members"`
			HasNode []int  `json:"hasNode"`
			Points  int    `json:"points"`
			SHA256  string `json:"sha256"`
			Owners  []int  `json:"owners"`
		} `json:"steps"`
	} `json:"sequences"`
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	f, err := os.Open("testdata/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(v.Hashes) != 312 || len(v.Rings) != 18 || len(v.Sequences) != 12 {
		t.Fatalf("vectors hold %d hashes, %d rings, %d sequences; want 312, 18, 12",
			len(v.Hashes), len(v.Rings), len(v.Sequences))
	}
	return v
}

func newZStack(replicas int, nodes ...string) *Ring {
	r := &Ring{placement: ZStack, replicas: replicas}
	r.Set(nodes...)
	return r
}

// digest is the digest of the vectors: "<signed position>\t<owner>\n" in ascending order.
func (r *Ring) digest() string {
	s, h := r.load(), sha256.New()
	for _, p := range s.circle.points {
		fmt.Fprintf(h, "%d\t%s\n", p.pos, s.names[p.node])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestZStackHashVectors(t *testing.T) {
	for _, pair := range readVectors(t).Hashes {
		key, want := pair[0].(string), int32(pair[1].(float64))
		if got := zstackHash(key); got != want {
			t.Errorf("hash of %q is %d, want %d", key, got, want)
		}
	}
}

func TestZStackRingVectors(t *testing.T) {
	for _, v := range readVectors(t).Rings {
		t.Run(v.Name, func(t *testing.T) {
			r := newZStack(v.Replicas, v.Nodes...)
			points := r.load().circle.points
			if len(points) != v.Points {
				t.Fatalf("%d points, want %d", len(points), v.Points)
			}
			if got := points[0].pos; got != v.First {
				t.Errorf("first point %d, want %d", got, v.First)
			}
			if got := points[len(points)-1].pos; got != v.Last {
				t.Errorf("last point %d, want %d", got, v.Last)
			}
			if got := r.digest(); got != v.SHA256 {
				t.Errorf("digest %s, want %s", got, v.SHA256)
			}
			checkOwners(t, r, v.Keys, v.Owners, v.Nodes)
		})
	}
}

func TestZStackSequenceVectors(t *testing.T) {
	for _, v := range readVectors(t).Sequences {
		t.Run(v.Name, func(t *testing.T) {
			r := newZStack(v.Replicas)
			for _, node := range v.Initial {
				r.Add(node)
			}
			for i, step := range v.Steps {
				switch step.Op {
				case "add":
					r.Add(step.Node)
				case "remove":
					r.Remove(step.Node)
				case "init":
				default:
					t.Fatalf("step %d: unknown op %q", i, step.Op)
				}
				if got := len(r.load().circle.points); got != step.Points {
					t.Errorf("step %d: %d points, want %d", i, got, step.Points)
				}
				if got := r.digest(); got != step.SHA256 {
					t.Errorf("step %d: digest %s, want %s", i, got, step.SHA256)
				}
				if got, want := r.Nodes(), pick(v.Universe, step.Members); !slices.Equal(got, want) {
					t.Errorf("step %d: members %q, want %q", i, got, want)
				}
				has := slices.DeleteFunc(slices.Clone(v.Universe), func(n string) bool { return !r.Has(n) })
				slices.Sort(has)
				if want := pick(v.Universe, step.HasNode); !slices.Equal(has, want) {
					t.Errorf("step %d: has %q, want %q", i, has, want)
				}
				checkOwners(t, r, v.Probes, step.Owners, v.Universe)
			}
		})
	}
}

func pick(names []string, indices []int) (picked []string) {
	for _, i := range indices {
		picked = append(picked, names[i])
	}
	slices.Sort(picked)
	return picked
}

// checkOwners compares every form of lookup with the vectors' owners.
func checkOwners(t *testing.T, r *Ring, keys []string, owners []int, names []string) {
	t.Helper()
	if len(keys) != len(owners) {
		t.Fatalf("%d keys, %d owners", len(keys), len(owners))
	}
	for i, key := range keys {
		want, wantOK := "", owners[i] >= 0
		if wantOK {
			want = names[owners[i]]
		}
		if got, ok := r.Owner(key); got != want || ok != wantOK {
			t.Errorf("owner of %q is %q, %t; want %q, %t", key, got, ok, want, wantOK)
		}
		if got, ok := r.OwnerBytes([]byte(key)); got != want || ok != wantOK {
			t.Errorf("owner of bytes %q is %q, %t; want %q, %t", key, got, ok, want, wantOK)
		}
		if first := r.Owners(key, 1); wantOK && !slices.Equal(first, []string{want}) {
			t.Errorf("first of the owners of %q is %q, want %q", key, first, want)
		}
	}
}
