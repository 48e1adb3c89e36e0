package guard

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// saying is what an MDS answers in one round of the matrix.
type saying uint8

const (
	sayNobody saying = iota
	sayAllowed
	sayOther
	sayBoth
	sayError
	sayTimeout
	sayMalformed
	sayUnsynced
	sayTooOld
	sayWrongCluster
	sayMissing
	sayStale
	sayings
)

// canaryState is what the canary shows to those that can list.
type canaryState uint8

const (
	canaryFull  canaryState = iota
	canaryFew               // fewer hosts than demanded
	canaryEmpty             // nobody
	canaryLost              // a host less in the second round
	canaryStates
)

// answers are those of three MDS in two rounds.
type answers [3][2]saying

// oracle is what the rules at Guard come to, written down without a look at how
// judge applies them.
func oracle(policy Policy, canary canaryState, a answers) Verdict {
	if policy == First {
		for _, mds := range a {
			switch mds[0] {
			case sayError, sayTimeout, sayMalformed:
				continue // asks the next
			case sayOther, sayBoth, sayWrongCluster:
				return InUse
			}
			return Free // whatever the list is worth
		}
		return Unknown
	}
	doubt := canary != canaryFull // rule 3, in each round or in the second
	for round := range 2 {
		counting := 0
		for _, mds := range a {
			switch mds[round] {
			case sayOther, sayBoth:
				return InUse // rule 9
			case sayNobody, sayAllowed:
				counting++
			case sayWrongCluster, sayMissing:
				doubt = true // rules 1 and 5
			}
		}
		if counting < 2 || policy == All && counting < 3 {
			doubt = true // rule 7, in every round by rule 8
		}
	}
	for _, mds := range a { // the second round may hold what the first did not
		if slices.Contains(mds[:], sayOther) || slices.Contains(mds[:], sayBoth) {
			return InUse
		}
	}
	if doubt {
		return Unknown
	}
	return Free
}

var (
	matrixMDS     = []zbs.Addr{{Host: "mds-a", Port: 7763}, {Host: "mds-b", Port: 7763}, {Host: "mds-c", Port: 7763}}
	allowedClient = zbs.Client{IP: "10.0.0.1", Port: 9001}
	otherClient   = zbs.Client{IP: "10.0.0.2", Port: 9001}
)

// observe is the evidence of an MDS that says it.
func observe(mds zbs.Addr, s saying, canary []zbs.Client) (o Observation, e Existence) {
	yes := func(asked time.Duration) Answer {
		return Answer{Seconds(asked), Seconds(time.Millisecond), Answered, ""}
	}
	const ms = time.Millisecond
	o = Observation{
		MDS:     mds,
		Ping:    PingAnswer{Answer: yes(0), AgentVersion: "5.5.0"},
		Clients: ListAnswer{Answer: yes(2 * ms)},
		Canary:  ListAnswer{Answer: yes(3 * ms), Clients: canary},
	}
	e = Existence{mds, yes(1 * ms)}
	switch s {
	case sayAllowed:
		o.Clients.Clients = []zbs.Client{allowedClient}
	case sayOther:
		o.Clients.Clients = []zbs.Client{otherClient}
	case sayBoth:
		o.Clients.Clients = []zbs.Client{allowedClient, otherClient}
	case sayError:
		o.Clients.Outcome = Refused
	case sayTimeout:
		o = Observation{MDS: mds, Ping: PingAnswer{Answer: Answer{0, Seconds(6 * time.Second), NoAnswer, ""}}}
		e = Existence{}
	case sayMalformed:
		o.Clients.Outcome = Malformed
	case sayUnsynced:
		o.Ping.AgentVersion = ""
		o.Canary.Clients = nil
	case sayTooOld:
		o.Canary.Clients = nil
	case sayWrongCluster:
		o.Ping.Outcome, o.Ping.AgentVersion, o.Cluster = Refused, "", "another"
		o.Clients.Clients = []zbs.Client{otherClient} // of another volume
	case sayMissing:
		e.Outcome = Missing
	case sayStale:
		o.Clients.Asked = Seconds(-time.Second)
	}
	return o, e
}

// matrix builds evidence of parts made once: there are very many of it.
type matrix struct {
	terms        Terms
	observations [2][canaryStates][3][sayings]Observation // by round, canary, MDS, saying
	existence    [3][sayings]Existence
	evidence     Evidence
}

func newMatrix(policy Policy) *matrix {
	m := &matrix{terms: Terms{
		Policy: policy, Timing: Timing{}.withDefaults(), MinCanaryHosts: 3,
		Allowed: []netip.Addr{netip.MustParseAddr(allowedClient.IP)},
	}}
	host := func(i int) zbs.Client { return zbs.Client{IP: fmt.Sprintf("10.0.0.%d", i), Port: 9000} }
	full := []zbs.Client{host(1), host(2), host(3), host(4)}
	shows := [canaryStates][2][]zbs.Client{
		canaryFull: {full, full}, canaryFew: {full[:2], full[:2]}, canaryEmpty: {}, canaryLost: {full, full[:3]},
	}
	for i, mds := range matrixMDS {
		for s := range sayings {
			for c := range canaryStates {
				for round := range 2 {
					m.observations[round][c][i][s], m.existence[i][s] = observe(mds, s, shows[c][round])
				}
			}
		}
		m.evidence.Identities = append(m.evidence.Identities, Identity{MDS: mds, Cluster: "ours", Outcome: Answered})
	}
	m.evidence.MDS = matrixMDS
	m.evidence.Rounds = make([]Round, 2)
	return m
}

func (m *matrix) fill(canary canaryState, a answers) {
	rounds := m.evidence.Rounds[:cap(m.evidence.Rounds)]
	for k := range rounds {
		r := &rounds[k]
		r.Began = Seconds(time.Duration(k) * (m.terms.Timing.RoundInterval + 10*time.Second))
		r.Took = Seconds(10 * time.Second)
		r.Observations, r.Existence = r.Observations[:0], r.Existence[:0]
		for i := range a {
			o := m.observations[k][canary][i][a[i][k]]
			r.Observations = append(r.Observations, o)
			if e := m.existence[i][a[i][k]]; e.Outcome != NotAsked {
				r.Existence = append(r.Existence, e)
			}
			if m.terms.Policy == First && o.Clients.Outcome == Answered {
				break
			}
		}
	}
	if m.terms.Policy == First {
		rounds = rounds[:1]
	}
	m.evidence.Rounds = rounds
}

var matrixStep = flag.Int("guard.matrix", 29, "TestGuardMatrix judges every nth combination with a canary that is not well; 1: all")

// TestGuardMatrix goes through everything that three MDS can answer in two
// rounds, 12^6 times policies and states of the canary. Which MDS is which does
// not matter (TestJudgeIsSymmetric), so each set of three is judged once. With
// the canary well it judges all of them, in the other states, in which nothing is
// free, a part. All of it:
//
//	go test ./volume/guard -run TestGuardMatrix -guard.matrix=1
func TestGuardMatrix(t *testing.T) {
	began := time.Now()
	gc := debug.SetGCPercent(1000)
	t.Cleanup(func() { debug.SetGCPercent(gc) })
	pairs := int(sayings) * int(sayings)
	pair := func(p int) [2]saying { return [2]saying{saying(p) / sayings, saying(p) % sayings} }
	for policy := range Policy(len(policyNames)) {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			m := newMatrix(policy)
			var verdicts [3]int
			for canary := range canaryStates {
				step := *matrixStep
				if canary == canaryFull {
					step = 1
				}
				for a := range pairs {
					for b := a; b < pairs; b++ {
						for c := b + (a+b)%step; c < pairs; c += step {
							says := answers{pair(a), pair(b), pair(c)}
							m.fill(canary, says)
							got, want := judge(m.terms, began, m.evidence).verdict, oracle(policy, canary, says)
							if got != want {
								t.Fatalf("canary state %d, answers %v: %v, want %v", canary, says, got, want)
							}
							verdicts[got]++
						}
					}
				}
			}
			t.Logf("free %d, in use %d, unknown %d; none falsely", verdicts[Free], verdicts[InUse], verdicts[Unknown])
			if verdicts[Free] == 0 || verdicts[Unknown] == 0 || verdicts[InUse] == 0 {
				t.Error("a verdict is missing")
			}
		})
	}
}

// First depends on the order by its nature; the others must not.
func TestJudgeIsSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		m := newMatrixOnce(Policy(r.IntN(2)))
		canary := canaryState(r.IntN(int(canaryStates)))
		var a answers
		for i := range a {
			a[i] = [2]saying{saying(r.IntN(int(sayings))), saying(r.IntN(int(sayings)))}
		}
		m.fill(canary, a)
		one := judge(m.terms, time.Time{}, m.evidence).verdict
		r.Shuffle(3, func(i, j int) { a[i], a[j] = a[j], a[i] })
		m.fill(canary, a)
		if other := judge(m.terms, time.Time{}, m.evidence).verdict; one != other {
			t.Fatalf("answers %v: %v, and %v in another order", a, other, one)
		}
	}
}

var matrices = map[Policy]*matrix{}

func newMatrixOnce(p Policy) *matrix {
	if matrices[p] == nil {
		matrices[p] = newMatrix(p)
	}
	return matrices[p]
}

// TestGuardMatrixOverTheWire samples the matrix through a Guard and a cluster
// that answers so. The Guard may stop after the first round, and it does not ask
// every MDS everything: so it may know less than the oracle, never better.
func TestGuardMatrixOverTheWire(t *testing.T) {
	const samples = 1000
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 3, fakemds.KeepHeartbeatOpen())
		cluster.AddPool("lp", "pp")
		cluster.AddVolume("zbs://lp/" + HeartbeatVolume)
		cluster.AddVolume(simVolume.String())
		for i := range 4 {
			cluster.Open("zbs://lp/"+HeartbeatVolume, fmt.Sprintf("10.0.0.%d:9000", i+1))
		}
		r := rand.New(rand.NewPCG(3, 4))
		var verdicts [3]int
		for range samples {
			verdicts[sampleMatrix(t, cluster, r)]++
		}
		t.Logf("free %d, in use %d, unknown %d", verdicts[Free], verdicts[InUse], verdicts[Unknown])
		if verdicts[Free] < samples/20 {
			t.Error("too few of them free to prove anything")
		}
	})
}

func sampleMatrix(t *testing.T, cluster *fakemds.Cluster, r *rand.Rand) Verdict {
	var a answers
	for i := range a {
		for k := range a[i] {
			if a[i][k] = saying(r.IntN(2)); r.IntN(4) == 0 { // mostly well, else nothing is ever free
				a[i][k] = saying(r.IntN(int(sayings)))
			}
		}
	}
	policy := Policy(r.IntN(2))
	caller := inProcess(t, cluster)
	defer caller.Close()
	guard := New(caller, AllowHost(allowedClient.IP), WithPolicy(policy), MinCanaryHosts(4))
	for i := range a {
		arrange(cluster, i, sayNobody)
	}
	guard.begin(t.Context(), simVolume, nil) // so that the check begins with its first round
	says := func(round int) {
		for i := range a {
			arrange(cluster, i, a[i][round])
		}
	}
	says(0)
	// The first round takes two spans at most, the second begins an interval later.
	second := time.AfterFunc(2*DefaultSpan+time.Millisecond, func() { says(1) })
	defer second.Stop()
	report, err := guard.Check(t.Context(), simVolume)

	want, has := oracle(policy, canaryFull, a), func(round int, s ...saying) bool {
		return slices.ContainsFunc(a[:], func(mds [2]saying) bool { return slices.Contains(s, mds[round]) })
	}
	blind := a // to what the Guard may not have asked for
	for i := range blind {
		for k := range blind[i] {
			switch blind[i][k] {
			case sayWrongCluster:
				blind[i][k] = sayTimeout // it did not count
			case sayMissing:
				blind[i][k] = sayNobody // another was asked whether the volume exists
			}
		}
	}
	switch {
	case (err == nil) != (report.Verdict == Free),
		report.Verdict == Free && oracle(policy, canaryFull, blind) != Free,
		report.Verdict == InUse && want != InUse,
		report.Verdict != Free && want == Free,
		report.Verdict != InUse && has(0, sayOther, sayBoth):
		t.Fatalf("%v, answers %v: %v (%v), want %v", policy, a, report.Verdict, err, want)
	}
	return report.Verdict
}

// inProcess returns a Caller that reaches the cluster without connections.
func inProcess(t *testing.T, cluster *fakemds.Cluster) *mds.Caller {
	caller, err := mds.New(cluster.Addrs(), mds.WithTransport(cluster.Transport()),
		mds.WithMountedCallbacks("http://callback.fake/cb"), mds.WithRouter(simRing()))
	if err != nil {
		t.Fatal(err)
	}
	cluster.HandleCallbacks("callback.fake", caller.CallbackHandler())
	return caller
}

// arrange makes node i answer so from now on. Its list is its own: it is frozen.
func arrange(cluster *fakemds.Cluster, i int, s saying) {
	node := cluster.Node(i)
	node.Clear()
	node.ResetLedger()
	node.SetOldStorage(s == sayTooOld)
	node.SetCluster("")
	node.Sync("5.5.0")
	canary := "zbs://lp/" + HeartbeatVolume
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
	case sayStale: // from before a host came
		cluster.CloseClient(canary, "10.0.0.4")
		node.FreezeClients()
		cluster.Open(canary, "10.0.0.4:9000")
		return
	}
	if s == sayAllowed || s == sayBoth {
		cluster.Open(simVolume.String(), allowedClient.IP+":9001")
	}
	if s == sayOther || s == sayBoth {
		cluster.Open(simVolume.String(), otherClient.IP+":9001")
	}
	node.FreezeClients()
	cluster.CloseClient(simVolume.String(), allowedClient.IP)
	cluster.CloseClient(simVolume.String(), otherClient.IP)
}
