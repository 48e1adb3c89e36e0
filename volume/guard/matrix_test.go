package guard_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// saying is what an MDS answers in a round. kvm-1 is allowed, and kvm-2 is the
// host that may have the volume open.
type saying uint8

const (
	sayNobody saying = iota
	sayAllowed
	sayOther
	sayBoth
	sayBlind // nobody; kvm-2 is listed for no volume
	sayError
	sayTimeout
	sayMalformed
	sayUnsynced
	sayTooOld // lists nobody for any volume
	sayWrongCluster
	sayMissing
	sayings
)

// answers are those of three MDS at the begin of a check, and from shortly after
// its first round on.
type answers [2][3]saying

func says(all [3]saying, what ...saying) (n int) {
	for _, s := range all {
		if slices.Contains(what, s) {
			n++
		}
	}
	return n
}

// wireOracle is what a check comes to that goes on until it is definite, by the
// rules in package guard.
func wireOracle(policy guard.Policy, a answers) guard.Verdict {
	need := 2
	if policy == guard.All {
		need = 3
	}
	for _, all := range a {
		switch {
		case says(all, sayOther, sayBoth) > 0:
			return guard.InUse // rule 7
		case says(all, sayWrongCluster, sayMissing) > 0:
			return guard.Unknown // rules 1 and 4; nothing is asked any more
		}
	}
	if says(a[1], sayNobody, sayAllowed) >= need {
		return guard.Free
	}
	return guard.Unknown
}

// TestGuardMatrixOverTheWire samples what three MDS may answer through a Guard and
// a cluster that answers so.
func TestGuardMatrixOverTheWire(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	const samples = 300
	synctest.Test(t, func(t *testing.T) {
		cluster := newCluster(t, 3)
		r := rand.New(rand.NewPCG(3, 4))
		var verdicts [3]int
		for range samples {
			verdicts[sampleMatrix(t, cluster, r)]++
		}
		t.Logf("free %d, in use %d, unknown %d", verdicts[guard.Free], verdicts[guard.InUse], verdicts[guard.Unknown])
		if verdicts[guard.Free] < samples/20 {
			t.Error("too few of them free to prove anything")
		}
	})
}

func sampleMatrix(t *testing.T, cluster *fakemds.Cluster, r *rand.Rand) guard.Verdict {
	var a answers
	for k := range a {
		for i := range a[k] {
			if a[k][i] = saying(r.IntN(2)); r.IntN(4) == 0 { // mostly well, else nothing is ever free
				a[k][i] = saying(r.IntN(int(sayings)))
			}
		}
	}
	policy := guard.Policy(r.IntN(2))
	caller := inProcess(t, cluster)
	defer caller.Close()
	g, err := guard.New(caller, hosts(), guard.AllowHost("kvm-1"), guard.WithPolicy(policy))
	if err != nil {
		t.Fatal(err)
	}
	arrangeAll := func(all [3]saying) {
		for i, s := range all {
			arrange(cluster, i, s)
		}
	}
	arrangeAll([3]saying{})
	if _, err := g.Check(t.Context(), path); err != nil { // which learns the identities
		t.Fatal(err)
	}
	arrangeAll(a[0])
	second := time.AfterFunc(proof.DefaultSpan+time.Millisecond, func() { arrangeAll(a[1]) })
	defer second.Stop()
	report, err := g.Check(t.Context(), path)
	if want := wireOracle(policy, a); report.Verdict != want || (err == nil) != (report.Verdict == guard.Free) {
		t.Fatalf("%v, answers %v: %v after %d rounds (%v), want %v", policy, a, report.Verdict, report.Rounds, err, want)
	}
	return report.Verdict
}

// inProcess returns a Caller that reaches the cluster without connections.
func inProcess(t *testing.T, cluster *fakemds.Cluster) *mds.Caller {
	caller, err := mds.New(cluster.Addrs(), mds.WithTransport(cluster.Transport()), mds.WithMountedCallbacks("http://callback.fake/cb"))
	if err != nil {
		t.Fatal(err)
	}
	cluster.HandleCallbacks("callback.fake", caller.CallbackHandler())
	return caller
}

// arrange makes node i answer so from now on. Its lists are its own: they are
// frozen.
func arrange(cluster *fakemds.Cluster, i int, s saying) {
	node := cluster.Node(i)
	node.Clear()
	node.ResetLedger()
	node.SetOldStorage(s == sayTooOld)
	node.SetCluster("")
	node.Sync("5.5.0")
	const allowed, other = "10.0.0.1", "10.0.0.2"
	switch s {
	case sayError:
		node.Inject(fakemds.AgentError("rpc timeout").On("volume/clients"))
	case sayTimeout:
		node.Inject(fakemds.Blackhole)
	case sayMalformed:
		node.Inject(fakemds.Garbage.On("volume/clients"))
	case sayUnsynced:
		node.Unsync()
	case sayWrongCluster:
		node.SetCluster("another")
	case sayMissing:
		node.Inject(fakemds.StorageError("status code: kFileNotExists").On("volume/query"))
	case sayBlind:
		cluster.CloseClient(disk(2).String(), other)
		defer cluster.Open(disk(2).String(), other+":9000")
	}
	if s == sayAllowed || s == sayBoth {
		cluster.Open(path.String(), allowed+":9001")
	}
	if s == sayOther || s == sayBoth || s == sayWrongCluster {
		cluster.Open(path.String(), other+":9001")
	}
	node.FreezeClients()
	cluster.CloseClient(path.String(), allowed)
	cluster.CloseClient(path.String(), other)
}
