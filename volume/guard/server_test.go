package guard_test

import (
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// aliased returns a Guard whose list names MDS 0 three times. Its list is from
// before a host opened the volume, and the two other MDS are silent.
func aliased(t *testing.T, opts ...guard.CheckOption) (*fakemds.Cluster, *guard.Guard) {
	t.Helper()
	cluster := newCluster(t, 3)
	list := append(cluster.Addrs(), cluster.Alias(0), cluster.Alias(0))
	g, err := guard.New(mdstest.CallerAt(t, cluster, list), hosts(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	staleWord(cluster, 0)
	cluster.Node(1).Inject(fakemds.Hang)
	cluster.Node(2).Inject(fakemds.Hang)
	return cluster, g
}

// Three addresses of one stale agent are one word of three.
func TestIssueThreeAddressesOfOneStaleAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, g := aliased(t)
		report := wantUnknown(t, g, proof.NoQuorum)
		if !hasReason(report.Notes, proof.SameServer) {
			t.Errorf("notes %v do not say that addresses are of one server", report.Notes)
		}
	})
}

// They are, too, while the agent is slow to say which server it runs on.
func TestServerNotToldInTime(t *testing.T) {
	for _, fault := range []fakemds.Fault{fakemds.Hang, fakemds.CallbackLost, fakemds.Garbage} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, g := aliased(t)
				cluster.Node(0).Inject(fault.On("resource/usage"))
				wantUnknown(t, g, proof.NoQuorum)
			})
		})
	}
}

// An agent that cannot tell counts as a server of its own, which the report notes.
func TestServerCannotBeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		for i := range 3 {
			cluster.Node(i).SetServer("")
		}
		report, err := g.Check(t.Context(), path)
		if err != nil || !hasReason(report.Notes, proof.ServerUnknown) {
			t.Errorf("%v, notes %v: %v", report.Verdict, report.Notes, err)
		}
	})
}
