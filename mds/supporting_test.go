package mds_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Which MDS have an endpoint is found out at once, runs nothing, is remembered, and
// waits for no MDS that hangs.
func TestSupporting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 4)
		for i, g := range []fakemds.Generation{fakemds.G9, fakemds.G7e, fakemds.G7e, fakemds.G7e} {
			cluster.Node(i).SetGeneration(g)
		}
		cluster.Node(2).Inject(fakemds.Hang)
		began := time.Now()
		for range 2 {
			if got := mds.Supporting(t.Context(), c, zbs.EndpointSnapshotQuery); fmt.Sprint(got) != fmt.Sprint([]zbs.Addr{c.Addrs()[1], c.Addrs()[3]}) {
				t.Errorf("%v, want the second and the fourth of %v", got, c.Addrs())
			}
		}
		if took, want := time.Since(began), 500*time.Millisecond; took != want {
			t.Errorf("took %v, want %v for the one that hangs", took, want)
		}
		for i, want := range []int{1, 1, 2, 1} {
			if n := cluster.Node(i).Probes(); n != want && i != 2 || len(cluster.Node(i).Harm()) > 0 {
				t.Errorf("MDS %d was asked %d times, want %d; harm %v", i, n, want, cluster.Node(i).Harm())
			}
			if n := cluster.Node(i).Asked(""); n != 0 && i != 2 {
				t.Errorf("MDS %d got %d commands", i, n)
			}
		}
	})
}
