package proof_test

import (
	"flag"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// saying is what an MDS answers in one round of the matrix. kvm-1 is allowed, and
// kvm-2 is the host that may have the volume open.
type saying uint8

const (
	sayNobody saying = iota // nobody has it open; all hosts are listed for other volumes
	sayAllowed
	sayOther
	sayBoth
	sayBlind // nobody; kvm-2 is listed for no volume
	sayError
	sayTimeout
	sayMalformed
	sayUnsynced
	sayUntold     // nobody; no agentVersion, but clients before and after
	sayJustSynced // the same, and clients after only
	sayTooOld     // lists nobody for any volume
	sayWrongCluster
	sayMissing
	sayStale
	sayings
)

// hostState is what is known of kvm-2 beside the lists.
type hostState uint8

const (
	inService  hostState = iota
	vouched              // a witness says in the second round that it does not have the volume open
	fenced               // attested to be off when the check began
	selfFenced           // hosts fence themselves within less than an interval
	maintenance
	noInventory // no host is known
	hostStates
)

// answers are those of three MDS in two rounds.
type answers [3][2]saying

// has reports whether an MDS says one of these in the round.
func (a answers) has(round int, what ...saying) bool { return a.count(round, what...) > 0 }

func (a answers) count(round int, what ...saying) (n int) {
	for _, mds := range a {
		if slices.Contains(what, mds[round]) {
			n++
		}
	}
	return n
}

// oracle is what the rules in package guard come to, written down without a look
// at how they are applied.
func oracle(policy proof.Policy, state hostState, a answers) proof.Verdict {
	opens := []saying{sayOther, sayBoth}
	if policy == proof.First {
		for _, mds := range a {
			switch mds[0] {
			case sayError, sayTimeout, sayMalformed:
				continue // asks the next
			case sayOther, sayBoth, sayWrongCluster: // nobody asked which cluster it is of
				if state != fenced {
					return proof.InUse
				}
			}
			return proof.Unknown // whatever the list is worth
		}
		return proof.Unknown
	}
	listing := []saying{sayNobody, sayAllowed, sayOther, sayBoth, sayBlind, sayUntold, sayMissing}
	shows := []saying{sayNobody, sayAllowed, sayOther, sayBoth, sayError, sayMalformed, sayUntold, sayJustSynced, sayMissing, sayStale}
	need := 2
	if policy == proof.All {
		need = 3
	}
	open := a.has(0, opens...) || a.has(1, opens...)
	// A host that is off registers no client that an agent which can list did not have.
	cameBack := a.has(1, opens...) && !a.has(0, opens...) && a.has(0, listing...)
	excused := false
	switch state {
	case vouched:
		excused = true
	case fenced:
		excused = !cameBack
	case selfFenced:
		absent := func(round int) bool { return !a.has(round, shows...) && a.count(round, listing...) >= need }
		excused = absent(0) && absent(1)
	case maintenance:
		excused = !a.has(0, shows...) && !a.has(1, shows...)
	}
	if open && !(state == fenced && excused) {
		return proof.InUse // rule 7
	}
	counts := []saying{sayNobody, sayAllowed, sayOther, sayBoth, sayUntold}
	if excused {
		counts = append(counts, sayBlind)
	}
	for round := range 2 {
		if a.has(round, sayWrongCluster, sayMissing) || a.count(round, counts...) < need {
			return proof.Unknown // rules 1, 4, and 5 with 2 and 3
		}
	}
	if state == noInventory {
		return proof.Unknown
	}
	return proof.Free
}

// says is the evidence of an MDS that says it.
func (s saying) says(mds zbs.Addr) (o proof.Observation, x proof.Existence) {
	o, x = observation(mds, 3), proof.Existence{MDS: mds, Answer: answer(10 * ms)}
	hide := func(hosts ...int) {
		for _, h := range hosts {
			o.Survey.Lists[h-1].Clients = []zbs.Client{}
		}
	}
	switch s {
	case sayAllowed:
		o.Clients.Clients = []zbs.Client{client(ipOf(1))}
	case sayOther:
		o.Clients.Clients = []zbs.Client{client(ipOf(2))}
	case sayBoth:
		o.Clients.Clients = []zbs.Client{client(ipOf(1)), client(ipOf(2))}
	case sayBlind:
		hide(2)
	case sayError:
		o.Clients = proof.ListAnswer{Answer: proof.Answer{Outcome: proof.Refused}}
	case sayTimeout:
		o, x = proof.Observation{MDS: mds, Ping: proof.PingAnswer{Answer: proof.Answer{Took: roundTook, Outcome: proof.NoAnswer}}}, proof.Existence{}
	case sayMalformed:
		o.Clients = proof.ListAnswer{Answer: proof.Answer{Outcome: proof.Malformed}}
	case sayUnsynced:
		o.Ping.AgentVersion, o.Survey = "", nil
	case sayUntold:
		silentPing(&o)
		before(&o)
	case sayJustSynced:
		silentPing(&o)
	case sayTooOld:
		hide(1, 2, 3)
	case sayWrongCluster:
		o.Ping.Outcome, o.Ping.AgentVersion, o.Cluster, o.Survey = proof.Refused, "", "another", nil
		o.Clients.Clients = []zbs.Client{client(ipOf(2))} // of another volume
		x = proof.Existence{}
	case sayMissing:
		x.Outcome = proof.Missing
	case sayStale:
		o.Clients.Asked = -second
	}
	return o, x
}

// matrix builds evidence of parts made once: there are very many of it.
type matrix struct {
	at           proof.Case
	observations [3][sayings]proof.Observation
	existence    [3][sayings]proof.Existence
}

func newMatrix(policy proof.Policy, state hostState) *matrix {
	m := &matrix{at: caseOf(allow(kvm(1)))}
	m.at.Terms.Policy = policy
	switch state {
	case vouched:
		says(2, 2, nil)(&m.at)
	case fenced:
		fence(2, 0)(&m.at)
	case selfFenced:
		selfFencing(interval - second)(&m.at)
	case maintenance:
		host(2, func(h *proof.Host) { h.State = proof.Maintenance })(&m.at)
	case noInventory:
		m.at.Evidence.Hosts, m.at.Terms.Allowed = nil, []string{ipOf(1)}
	}
	for i := range 3 {
		for s := range sayings {
			m.observations[i][s], m.existence[i][s] = s.says(mdsAt(i))
		}
	}
	return m
}

// decide decides what comes of the answers.
func (m *matrix) decide(a answers) proof.Decision {
	m.at.Evidence.Rounds = m.at.Evidence.Rounds[:2]
	for k := range m.at.Evidence.Rounds {
		r := &m.at.Evidence.Rounds[k]
		r.Observations, r.Existence = r.Observations[:0], r.Existence[:0]
		for i := range a {
			o := m.observations[i][a[i][k]]
			r.Observations = append(r.Observations, o)
			if x := m.existence[i][a[i][k]]; x.Outcome != proof.NotAsked {
				r.Existence = append(r.Existence, x)
			}
			if m.at.Terms.Policy == proof.First && o.Clients.Outcome == proof.Answered {
				break
			}
		}
	}
	if m.at.Terms.Policy == proof.First {
		m.at.Evidence.Rounds = m.at.Evidence.Rounds[:1]
	}
	return m.at.Decide()
}

var matrixStep = flag.Int("guard.matrix", 67, "TestGuardMatrix decides every nth combination; 1: all")

// TestGuardMatrix goes through everything that three MDS can answer in two rounds,
// 15^6 times policies and states of the host. Which MDS is which does not matter
// (TestDecideIsSymmetric), so each set of three is decided once, and of these a
// part. All of it:
//
//	go test ./volume/guard/proof -run TestGuardMatrix -guard.matrix=1 -timeout 30m
func TestGuardMatrix(t *testing.T) {
	gc := debug.SetGCPercent(1000)
	t.Cleanup(func() { debug.SetGCPercent(gc) })
	for _, policy := range []proof.Policy{proof.Quorum, proof.All, proof.First} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			var verdicts [3]int
			for state := range hostStates {
				m := newMatrix(policy, state)
				eachSet(*matrixStep, func(a answers) {
					d, want := m.decide(a), oracle(policy, state, a)
					if d.Verdict != want {
						t.Fatalf("host state %d, answers %v: %v (%v), want %v", state, a, d.Verdict, d.Reasons, want)
					}
					verdicts[want]++
				})
			}
			t.Logf("free %d, in use %d, unknown %d; none falsely", verdicts[proof.Free], verdicts[proof.InUse], verdicts[proof.Unknown])
			if (verdicts[proof.Free] == 0) != (policy == proof.First) || verdicts[proof.Unknown] == 0 || verdicts[proof.InUse] == 0 {
				t.Error("a verdict is missing, or the policy First says free")
			}
		})
	}
}

// eachSet visits every nth set of three MDS, each with its answers in two rounds.
func eachSet(step int, visit func(a answers)) {
	pairs := int(sayings) * int(sayings)
	pair := func(p int) [2]saying { return [2]saying{saying(p) / sayings, saying(p) % sayings} }
	for a := range pairs {
		for b := a; b < pairs; b++ {
			for c := b + (a+b)%step; c < pairs; c += step {
				visit(answers{pair(a), pair(b), pair(c)})
			}
		}
	}
}

// First depends on the order by its nature; the others must not.
func TestDecideIsSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var matrices [2][hostStates]*matrix
	for policy := range matrices {
		for state := range hostStates {
			matrices[policy][state] = newMatrix(proof.Policy(policy), state)
		}
	}
	for range 20000 {
		m := matrices[r.IntN(2)][r.IntN(int(hostStates))]
		var a answers
		for i := range a {
			a[i] = [2]saying{saying(r.IntN(int(sayings))), saying(r.IntN(int(sayings)))}
		}
		one := m.decide(a).Verdict
		r.Shuffle(3, func(i, j int) { a[i], a[j] = a[j], a[i] })
		if other := m.decide(a).Verdict; one != other {
			t.Fatalf("answers %v: %v, and %v in another order", a, other, one)
		}
	}
}
