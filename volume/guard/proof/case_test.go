package proof_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// The tests of the rules have a number each. docs/guard-rules.md says which mutant
// each of them kills. None asks an MDS: the evidence is built here.

const (
	ms        = proof.Seconds(time.Millisecond)
	second    = proof.Seconds(time.Second)
	roundTook = 100 * ms
	interval  = proof.Seconds(proof.DefaultRefresh + proof.DefaultLeaderRetry)
)

var (
	volume = zbs.Path{Pool: "lp", Volume: "vol"}
	began  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// change changes a Case that is Free.
type change func(c *proof.Case)

// kvm is the name of host i, from 1.
func kvm(i int) string { return fmt.Sprintf("kvm-%d", i) }

// disk is the disk of a machine that runs on host i.
func disk(i int) zbs.Path { return zbs.Path{Pool: "lp", Volume: fmt.Sprintf("disk-%d", i)} }

func client(ip string) zbs.Client { return zbs.Client{IP: ip, Port: 9000} }

func ipOf(host int) string { return fmt.Sprintf("10.0.0.%d", host) }

func mdsAt(i int) zbs.Addr { return zbs.Addr{Host: fmt.Sprintf("mds-%d", i), Port: 7763} }

// caseOf returns a Case that is Free, with the changes: three hosts with a
// machine each, all listed by three MDS in two rounds, and a volume that is open
// nowhere.
func caseOf(changes ...change) proof.Case {
	c := proof.Case{Volume: volume, Terms: proof.DefaultTerms(), BeganAt: began}
	hosts := make([]proof.Host, 3)
	for i := range hosts {
		hosts[i] = proof.Host{
			Name: kvm(i + 1), Open: []zbs.Path{disk(i + 1)},
			Addrs: []netip.Addr{netip.MustParseAddr(ipOf(i + 1)), netip.MustParseAddr(fmt.Sprintf("192.168.7.%d", i+1))},
		}
	}
	setHosts(&c, hosts)
	addMDS(&c, 3)
	addRounds(&c, 2, interval)
	for _, change := range changes {
		change(&c)
	}
	return c
}

func setHosts(c *proof.Case, hosts []proof.Host) {
	inventory, err := proof.NewInventory(hosts)
	if err != nil {
		panic(err)
	}
	c.Evidence.Hosts = inventory
}

func hostsOf(c *proof.Case) (hosts []proof.Host) {
	for i := range c.Evidence.Hosts.Len() {
		hosts = append(hosts, c.Evidence.Hosts.At(i))
	}
	return hosts
}

func addMDS(c *proof.Case, n int) {
	c.Evidence.MDS, c.Evidence.Identities = nil, nil
	for i := range n {
		c.Evidence.MDS = append(c.Evidence.MDS, mdsAt(i))
		c.Evidence.Identities = append(c.Evidence.Identities, proof.Identity{
			MDS: mdsAt(i), Cluster: "ours", Version: "1.6.1", Server: fmt.Sprintf("serial-%d", i), Outcome: proof.Answered})
	}
}

// addRounds makes n rounds anew, so far apart from the end of each to the begin of
// the next.
func addRounds(c *proof.Case, n int, apart proof.Seconds) {
	c.Evidence.Rounds = nil
	for k := range n {
		r := proof.Round{Began: proof.Seconds(k) * (roundTook + apart), Took: roundTook}
		for _, addr := range c.Evidence.MDS {
			r.Observations = append(r.Observations, observation(addr, c.Evidence.Hosts.Len()))
			r.Existence = append(r.Existence, proof.Existence{MDS: addr, Answer: answer(10 * ms)})
		}
		c.Evidence.Rounds = append(c.Evidence.Rounds, r)
	}
}

// answer is an answer that took 5 ms.
func answer(asked proof.Seconds) proof.Answer {
	return proof.Answer{Asked: asked, Took: 5 * ms, Outcome: proof.Answered}
}

// observation is that of an MDS which lists the hosts, each for its disk.
func observation(mds zbs.Addr, hosts int) proof.Observation {
	o := proof.Observation{
		MDS:     mds,
		Ping:    proof.PingAnswer{Answer: answer(0), AgentVersion: "5.5.0"},
		Clients: proof.ListAnswer{Answer: answer(10 * ms), Clients: []zbs.Client{}},
		Survey:  &proof.Survey{},
	}
	for i := range hosts {
		o.Survey.Lists = append(o.Survey.Lists, proof.VolumeList{Volume: disk(i + 1),
			ListAnswer: proof.ListAnswer{Answer: answer(proof.Seconds(20+10*i) * ms), Clients: []zbs.Client{client(ipOf(i + 1))}}})
	}
	return o
}

// rounds makes n rounds, an interval apart.
func rounds(n int) change { return func(c *proof.Case) { addRounds(c, n, interval) } }

// mdsCount makes the cluster one of n MDS.
func mdsCount(n int) change {
	return func(c *proof.Case) {
		addMDS(c, n)
		addRounds(c, 2, interval)
	}
}

// inRound changes round k, from 1.
func inRound(k int, f func(r *proof.Round)) change {
	return func(c *proof.Case) { f(&c.Evidence.Rounds[k-1]) }
}

// on changes what the MDS said in round k, from 1; 0: in every one. Without an MDS
// it concerns all.
func on(k int, f func(o *proof.Observation), mds ...int) change {
	return func(c *proof.Case) {
		for j := range c.Evidence.Rounds {
			for i := range c.Evidence.Rounds[j].Observations {
				if (k == 0 || j == k-1) && (len(mds) == 0 || slices.Contains(mds, i)) {
					f(&c.Evidence.Rounds[j].Observations[i])
				}
			}
		}
	}
}

// lists makes an MDS list clients for the volume in round k; 0: in every one.
func lists(k int, ip string, mds ...int) change {
	return on(k, func(o *proof.Observation) {
		o.Clients.Clients = append(slices.Clone(o.Clients.Clients), client(ip))
	}, mds...)
}

// unseen takes a host from the lists of round k; 0: of every one.
func unseen(host, k int, mds ...int) change {
	return on(k, func(o *proof.Observation) { o.Survey.Lists[host-1].Clients = []zbs.Client{} }, mds...)
}

// down makes an MDS give no answer in round k; 0: in every one.
func down(k int, mds ...int) change {
	return func(c *proof.Case) {
		on(k, func(o *proof.Observation) {
			*o = proof.Observation{MDS: o.MDS, Ping: proof.PingAnswer{Answer: proof.Answer{Took: roundTook, Outcome: proof.NoAnswer}}}
		}, mds...)(c)
		for j := range c.Evidence.Rounds {
			if r := &c.Evidence.Rounds[j]; k == 0 || j == k-1 {
				r.Existence = slices.DeleteFunc(r.Existence, func(x proof.Existence) bool {
					return len(mds) == 0 || slices.ContainsFunc(mds, func(i int) bool { return x.MDS == mdsAt(i) })
				})
			}
		}
	}
}

// terms changes what the check was asked to prove.
func terms(f func(t *proof.Terms)) change { return func(c *proof.Case) { f(&c.Terms) } }

func allow(host string) change {
	return terms(func(t *proof.Terms) { t.Allowed = append(t.Allowed, host) })
}

func policy(p proof.Policy) change { return terms(func(t *proof.Terms) { t.Policy = p }) }

func expectCluster(uuid string) change { return terms(func(t *proof.Terms) { t.ExpectCluster = uuid }) }

// fence attests that a host was off so long before the check.
func fence(host int, ago time.Duration) change {
	return terms(func(t *proof.Terms) {
		t.Fences = append(t.Fences, proof.Attestation{Host: kvm(host), At: began.Add(-ago), By: "bmc"})
	})
}

func selfFencing(bound proof.Seconds) change {
	return terms(func(t *proof.Terms) { t.SelfFencing = bound })
}

// says adds the word of a witness of the host in round k.
func says(host, k int, f func(s *proof.Statement)) change {
	return inRound(k, func(r *proof.Round) {
		s := proof.Statement{Host: kvm(host), Answer: answer(30 * ms), At: 30 * ms}
		if f != nil {
			f(&s)
		}
		r.Statements = append(r.Statements, s)
	})
}

// host changes a host of the inventory.
func host(i int, f func(h *proof.Host)) change {
	return func(c *proof.Case) {
		hosts := hostsOf(c)
		f(&hosts[i-1])
		setHosts(c, hosts)
	}
}

// reportOf is the report of the Case that is Free, with the changes.
func reportOf(changes ...change) proof.Report {
	return proof.NewReport(caseOf(changes...), clock.Instant{})
}

func hasCode(reasons []proof.Reason, code proof.Code) bool {
	return slices.ContainsFunc(reasons, func(r proof.Reason) bool { return r.Code == code })
}

// want decides the Case that is Free, with the changes. For Unknown the code must
// be among the reasons, else among the notes; "" is none.
func want(t *testing.T, why string, verdict proof.Verdict, code proof.Code, changes ...change) proof.Decision {
	t.Helper()
	d := caseOf(changes...).Decide()
	where := d.Notes
	if verdict == proof.Unknown {
		where = d.Reasons
	}
	if d.Verdict != verdict || code != "" && !hasCode(where, code) {
		t.Errorf("%s: %v, reasons %v, notes %v; want %v with %q", why, d.Verdict, d.Reasons, d.Notes, verdict, code)
	}
	return d
}

// wantHost wants that a host is accounted for in this way.
func wantHost(t *testing.T, d proof.Decision, host int, means proof.Means) {
	t.Helper()
	if want := (proof.HostProof{Host: kvm(host), Means: means}); !slices.Contains(d.Hosts, want) {
		t.Errorf("hosts %v, want %v", d.Hosts, want)
	}
}

func TestHealthyCaseIsFree(t *testing.T) {
	d := want(t, "three MDS, three hosts, two rounds", proof.Free, "")
	if len(d.Reasons) != 0 || len(d.Holders) != 0 || d.Observed != 1 || d.Open {
		t.Errorf("%+v", d)
	}
	for i := range 3 {
		wantHost(t, d, i+1, proof.Visible)
	}
}
