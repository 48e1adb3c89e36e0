package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// The tests of the rules at Guard, by number. docs/guard-rules.md says which
// mutant each of them kills.

const simCanary = "zbs://lp/" + HeartbeatVolume

// ruleHost is the host that may not have the volume open.
const ruleHost = "10.0.0.2"

// room is a cluster of three hosts with their heartbeats and one volume that
// nobody has open.
func room(t *testing.T, nodes int) (*fakemds.Cluster, *mds.Caller) {
	t.Helper()
	cluster := fakemds.NewCluster(t, nodes, fakemds.KeepHeartbeatOpen())
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(simVolume.String())
	cluster.AddVolume(simCanary)
	for i := range 3 {
		cluster.Open(simCanary, fmt.Sprintf("10.0.0.%d:9000", i+1))
	}
	caller := inProcess(t, cluster)
	t.Cleanup(func() { caller.Close() })
	return cluster, caller
}

// ruling checks once and compares the verdict and, for Unknown, whether the code
// is among the reasons.
func expect(t *testing.T, guard *Guard, why string, want Verdict, code Code, opts ...CheckOption) Report {
	t.Helper()
	report, err := guard.Check(t.Context(), simVolume, opts...)
	has := code == "" || slices.ContainsFunc(report.Reasons, func(r Reason) bool { return r.Code == code })
	if report.Verdict != want || !has {
		t.Errorf("%s: %v with reasons %v, want %v with %q", why, report.Verdict, report.Reasons, want, code)
	}
	is := map[Verdict]error{Unknown: ErrUndetermined, InUse: ErrInUse}[want]
	if want == Free && err != nil || want != Free && !errors.Is(err, is) {
		t.Errorf("%s: error %v for %v", why, err, want)
	}
	return report
}

// each runs f in a bubble on a room of three MDS.
func each(t *testing.T, name string, f func(t *testing.T, cluster *fakemds.Cluster, guard *Guard)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster, caller := room(t, 3)
			f(t, cluster, New(caller))
		})
	})
}

func TestRule1Identity(t *testing.T) {
	each(t, "a strange MDS", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Node(2).SetCluster("another")
		report := expect(t, guard, "one MDS of another cluster", Unknown, WrongCluster)
		if err := report.err(nil); !errors.Is(err, mds.ErrWrongCluster) {
			t.Errorf("error %v, want ErrWrongCluster", err)
		}
		cluster.Node(2).SetCluster("")
		expect(t, guard, "mended", Free, "")
	})
	each(t, "its pools", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Node(0).SetCluster("another")
		expect(t, guard, "the first of the list", Unknown, WrongCluster)
		if n := cluster.Node(0).Asked("capacity"); n != 0 {
			t.Error("an MDS of another cluster was asked for the physical pool")
		}
	})
	each(t, "becomes strange", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		expect(t, guard, "well", Free, "")
		cluster.Node(0).SetCluster("another")
		expect(t, guard, "found out by its ping", Unknown, WrongCluster)
	})
	each(t, "expected", func(t *testing.T, _ *fakemds.Cluster, guard *Guard) {
		expect(t, guard, "all MDS are of a cluster that is not expected", Unknown, WrongCluster, ExpectCluster("mine"))
		expect(t, guard, "the expected", Free, "", ExpectCluster("11111111-2222-3333-4444-555555555555"))
	})
	each(t, "its lists", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), ruleHost)
		cluster.Node(2).FreezeClients() // only it says so
		cluster.CloseClient(simVolume.String(), ruleHost)
		cluster.Node(2).SetCluster("another")
		expect(t, guard, "the client of another cluster's volume", Unknown, WrongCluster)
	})
	each(t, "no majority", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Node(0).SetCluster("another")
		cluster.Node(1).Inject(fakemds.Refuse)
		expect(t, guard, "two of three name two clusters", Unknown, ClusterUnknown)
	})
	synctest.Test(t, func(t *testing.T) {
		cluster, caller := room(t, 5)
		cluster.Node(4).SetCluster("another") // no round pings it
		expect(t, New(caller), "by its facts alone", Unknown, WrongCluster)
	})
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, fakemds.ClusterID("u", "1.5.0"), fakemds.KeepHeartbeatOpen())
		cluster.AddVolume(simVolume.String())
		cluster.AddVolume(simCanary, "10.0.0.1")
		guard := New(inProcess(t, cluster))
		expect(t, guard, "a cluster too old to have a uuid", Unknown, ClusterUnknown)
		guard.caller.Close()
	})
}

func TestRule2Sync(t *testing.T) {
	each(t, "unsynced", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Node(0).Unsync()
		expect(t, guard, "one unsynced", Free, "")
		cluster.Node(1).Unsync()
		expect(t, guard, "a majority unsynced", Unknown, Unsynced)
	})
	// An agent that lists although it says that it is not synced proves nothing:
	// nobody knows of such an agent.
	m := newMatrix(Quorum)
	m.fill(canaryFull, answers{})
	for i := range 2 {
		m.evidence.Rounds[1].Observations[i].Ping.AgentVersion = ""
	}
	if r := judge(m.terms, time.Now(), m.evidence); r.verdict != Unknown || r.reasons[0].Code != Unsynced {
		t.Errorf("listing but unsynced: %v, %v", r.verdict, r.reasons)
	}
}

func TestRule3Canary(t *testing.T) {
	each(t, "empty", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		for i := range 2 {
			cluster.Node(i).SetOldStorage(true)
		}
		expect(t, guard, "storages too old to list", Unknown, CanaryEmpty)
	})
	each(t, "few", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		expect(t, guard, "all hosts", Free, "", MinCanaryHosts(3))
		cluster.CutOff(ruleHost, func(string, fakemds.ClientState) time.Duration { return 0 })
		report := expect(t, guard, "nobody counts the hosts", Free, "")
		if len(report.Notes) != 1 || report.Notes[0].Code != NoHostMinimum {
			t.Errorf("notes %v, want that a host could be cut off unseen", report.Notes)
		}
		expect(t, guard, "a host is cut off", Unknown, CanaryFew, MinCanaryHosts(3))
		fence := Attestation{Host: netip.MustParseAddr(ruleHost), At: time.Now(), By: "test"}
		expect(t, guard, "it is fenced", Free, "", MinCanaryHosts(3), FencedBy(fence), FencedBy(fence))
		expect(t, guard, "it is fenced, another missing", Unknown, CanaryFew, MinCanaryHosts(4), FencedBy(fence), FencedBy(fence))
	})
	each(t, "lost", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		lose := func(why string, want Verdict, code Code, opts ...CheckOption) {
			t.Helper()
			gone := time.AfterFunc(time.Second, func() { cluster.CloseClient(simCanary, ruleHost) })
			defer gone.Stop()
			expect(t, guard, why, want, code, opts...)
			cluster.Open(simCanary, ruleHost+":9000")
		}
		lose("a host vanishes between the rounds", Unknown, CanaryLost)
		lose("an allowed one does", Free, "", AllowHost(ruleHost))
		fence := Attestation{Host: netip.MustParseAddr(ruleHost), At: time.Now(), By: "test"}
		lose("a fenced one does", Free, "", FencedBy(fence))
	})
	each(t, "one MDS shows less", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.CloseClient(simCanary, ruleHost)
		cluster.Node(0).FreezeClients()
		cluster.Node(1).FreezeClients()
		cluster.Open(simCanary, ruleHost+":9000")
		expect(t, guard, "two agents are stale, the third shows it", Unknown, CanaryLost)
	})
	each(t, "one of the caller's", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		own := zbs.Path{Pool: "lp", Volume: "canary"}
		cluster.AddVolume(own.String())
		expect(t, guard, "open on nobody", Unknown, CanaryEmpty, Canary(own))
		cluster.Open(own.String(), "10.0.0.9")
		expect(t, guard, "open", Free, "", Canary(own))
		expect(t, guard, "in no pool", Unknown, PoolsUnknown, Canary(zbs.Path{Pool: "nope", Volume: "v"}))
	})
}

// What comes out of order, too late or from before the check does not count; a
// Guard never asks so, but a report may say it did.
func TestRule4Order(t *testing.T) {
	const ms = Seconds(time.Millisecond)
	for why, spoil := range map[string]func(r *Round, o *Observation){
		"list before ping":      func(_ *Round, o *Observation) { o.Ping.Asked, o.Clients.Asked = 1*ms, 0 },
		"list during ping":      func(_ *Round, o *Observation) { o.Ping.Took = 3 * ms },
		"canary before list":    func(_ *Round, o *Observation) { o.Clients.Asked, o.Canary.Asked = 4*ms, 2*ms },
		"canary during list":    func(_ *Round, o *Observation) { o.Clients.Took = 5 * ms },
		"canary behind round":   func(r *Round, o *Observation) { r.Took = o.Canary.Asked },
		"ping before round":     func(_ *Round, o *Observation) { o.Ping.Asked = -1 },
		"round before check":    func(r *Round, _ *Observation) { r.Began = -1 },
		"longer than a span":    func(_ *Round, o *Observation) { o.Canary.Asked = Seconds(DefaultSpan) },
		"negative time of list": func(_ *Round, o *Observation) { o.Clients.Took = -5 * ms },
	} {
		m := newMatrix(Quorum)
		m.fill(canaryFull, answers{})
		r := &m.evidence.Rounds[0]
		for i := range 2 {
			spoil(r, &r.Observations[i])
		}
		got := judge(m.terms, time.Now(), m.evidence)
		if got.verdict != Unknown || !slices.ContainsFunc(got.reasons, func(r Reason) bool { return r.Code == Stale }) {
			t.Errorf("%s: %v, %v; want Unknown, stale", why, got.verdict, got.reasons)
		}
	}
	each(t, "as it is asked", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		onNodes(3, fakemds.Slow(100*time.Millisecond)).set(cluster)
		expect(t, guard, "every question takes its time", Free, "")
	})
	// An agent that restarts behind its ping, and is synced before the canary
	// could be asked, is too late.
	each(t, "restart within the round", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		expect(t, guard, "well", Free, "")
		cluster.Open(simVolume.String(), ruleHost)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Second))
			time.AfterFunc(1500*time.Millisecond, func() { cluster.Node(i).Unsync() })
			time.AfterFunc(DefaultSpan+2*time.Second, func() { cluster.Node(i).Sync("5.5.0") })
		}
		report, _ := guard.Check(t.Context(), simVolume)
		if report.Verdict == Free {
			t.Error("restarted agents were believed")
		}
	})
}

func TestRule5Existence(t *testing.T) {
	each(t, "missing", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.RemoveVolume(simVolume.String())
		report := expect(t, guard, "no such volume", Unknown, VolumeMissing)
		if !errors.Is(report.err(nil), ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", report.err(nil))
		}
		if _, err := guard.Check(t.Context(), zbs.Path{Pool: "nope", Volume: "v"}); !errors.Is(err, ErrNotFound) || !errors.Is(err, ErrUndetermined) {
			t.Errorf("no such pool: %v, want ErrNotFound and ErrUndetermined", err)
		}
	})
	each(t, "removed meanwhile", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		time.AfterFunc(time.Second, func() { cluster.RemoveVolume(simVolume.String()) })
		expect(t, guard, "gone in the second round", Unknown, VolumeMissing)
	})
	each(t, "nobody says", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.AgentError("rpc timeout").On("volume/query"))
		}
		expect(t, guard, "no query is answered", Unknown, ExistenceUnknown)
		for i := range 3 {
			cluster.Node(i).Clear()
			expect(t, guard, "one MDS answers", Free, "")
			cluster.Node(i).Inject(fakemds.AgentError("rpc timeout").On("volume/query"))
		}
	})
	// The word of an MDS that did not confirm its cluster is nothing.
	m := newMatrix(Quorum)
	m.fill(canaryFull, answers{{}, {}, {sayTimeout, sayTimeout}})
	stranger, elsewhere := observe(matrixMDS[2], sayNobody, nil)
	stranger.Ping = PingAnswer{}
	for k := range m.evidence.Rounds {
		r := &m.evidence.Rounds[k]
		r.Observations[2], r.Existence = stranger, []Existence{elsewhere}
	}
	if r := judge(m.terms, time.Now(), m.evidence); r.verdict != Unknown || r.reasons[0].Code != ExistenceUnknown {
		t.Errorf("existence by an MDS without a ping: %v, %v", r.verdict, r.reasons)
	}
}

func TestRule6Path(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, caller := room(t, 3)
		guard := New(caller)
		for why, bad := range map[string]zbs.Path{
			"zero path": {}, "snapshot": {Pool: "lp", Volume: "vol", Snapshot: "s"}, "remote": {Pool: "lp", Volume: "vol?r=x"},
			"shell": {Pool: "lp", Volume: "vol;reboot"}, "no pool": {Volume: "vol"},
		} {
			report, err := guard.Check(t.Context(), bad)
			if !errors.Is(err, zbs.ErrInvalidPath) || !errors.Is(err, ErrUndetermined) || report.Verdict != Unknown {
				t.Errorf("%s: %v, %v; want Unknown and ErrInvalidPath", why, report.Verdict, err)
			}
		}
		for why, bad := range map[string]CheckOption{
			"no IP": AllowHost("host-1"), "a zone": AllowHost("fe80::1%eth0"), "no hosts": MinCanaryHosts(0), "no cluster": ExpectCluster(""),
			"canary": Canary(zbs.Path{}), "canary snapshot": Canary(zbs.Path{Pool: "p", Volume: "v", Snapshot: "s"}), "policy": WithPolicy(7),
			"no fenced host":   FencedBy(Attestation{At: time.Now(), By: "x"}),
			"no time of fence": FencedBy(Attestation{Host: netip.MustParseAddr("10.0.0.2"), By: "x"}),
			"no fencer":        FencedBy(Attestation{Host: netip.MustParseAddr("10.0.0.2"), At: time.Now()}),
			"one round":        WithTiming(Timing{Rounds: 1}), "rounds too close": WithTiming(Timing{RoundInterval: 12 * time.Second}),
			"long span": WithTiming(Timing{Span: 7 * time.Second}), "negative": WithTiming(Timing{RegistryExpiry: -1}),
			"load": WithLoad(Load{PerSecond: -1}), "parallel": WithLoad(Load{Parallel: -1}),
		} {
			report, err := guard.Check(t.Context(), simVolume, bad)
			if !errors.Is(err, mds.ErrInvalidOption) || !errors.Is(err, ErrUndetermined) || report.Verdict != Unknown {
				t.Errorf("option %s: %v, %v; want Unknown and ErrInvalidOption", why, report.Verdict, err)
			}
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

func TestRule7Quorum(t *testing.T) {
	each(t, "of three", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Node(0).Inject(fakemds.Refuse)
		expect(t, guard, "one down", Free, "")
		expect(t, guard, "one down, all wanted", Unknown, NoQuorum, WithPolicy(All))
		cluster.Node(1).Inject(fakemds.AgentError("no leader").On("ping"))
		expect(t, guard, "two down", Unknown, NoQuorum)
	})
	synctest.Test(t, func(t *testing.T) {
		cluster, caller := room(t, 4)
		guard := New(caller)
		cluster.Node(0).Inject(fakemds.Refuse)
		expect(t, guard, "three of four", Free, "")
		cluster.Node(1).Inject(fakemds.Refuse)
		expect(t, guard, "half is no majority", Unknown, NoQuorum, ExpectCluster("11111111-2222-3333-4444-555555555555"))
	})
	// An MDS that is not configured, or answers twice, counts once at most.
	m := newMatrix(Quorum)
	m.fill(canaryFull, answers{{}, {sayTimeout, sayTimeout}, {sayTimeout, sayTimeout}})
	for k := range m.evidence.Rounds {
		r := &m.evidence.Rounds[k]
		again, stranger := r.Observations[0], r.Observations[0]
		stranger.MDS.Host = "mds-x"
		r.Observations = append(r.Observations, again, stranger)
	}
	if r := judge(m.terms, time.Now(), m.evidence); r.verdict != Unknown {
		t.Errorf("one MDS that answers twice, and one that is not configured: %v", r.verdict)
	}
}

func TestRule8Rounds(t *testing.T) {
	// A leader switch just before the check: canaries are back, the writer is not.
	blind := func(cluster *fakemds.Cluster, after time.Duration) {
		cluster.Open(simVolume.String(), ruleHost)
		cluster.SwitchLeader(func(volume string, _ fakemds.ClientState) time.Duration {
			if volume == "lp/vol" {
				return after
			}
			return 0
		})
	}
	each(t, "leader switch", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		blind(cluster, DefaultRefresh+DefaultLeaderRetry)
		report := expect(t, guard, "the registry refills", InUse, "")
		if report.Rounds != 2 {
			t.Errorf("found in round %d, want the second", report.Rounds)
		}
	})
	each(t, "three rounds", func(t *testing.T, _ *fakemds.Cluster, guard *Guard) {
		began := time.Now()
		report := expect(t, guard, "", Free, "", WithTiming(Timing{Rounds: 3, RoundInterval: time.Minute}))
		if took := time.Since(began); report.Rounds != 3 || took != 2*time.Minute {
			t.Errorf("%d rounds in %v, want 3 in 2m0s", report.Rounds, took)
		}
	})
	m := newMatrix(Quorum)
	m.fill(canaryFull, answers{})
	second := m.evidence.Rounds[0].Took + Seconds(m.terms.Timing.RoundInterval)
	for began, want := range map[Seconds]Verdict{second: Free, second - 1: Unknown} {
		m.evidence.Rounds[1].Began = began
		if r := judge(m.terms, time.Now(), m.evidence); r.verdict != want {
			t.Errorf("second round at %v: %v, want %v", began, r.verdict, want)
		}
	}
	m.evidence.Rounds = m.evidence.Rounds[:1]
	if r := judge(m.terms, time.Now(), m.evidence); r.verdict != Unknown || r.reasons[0].Code != TooFewRounds {
		t.Errorf("one round: %v, %v", r.verdict, r.reasons)
	}
}

func TestRule9ForeignClient(t *testing.T) {
	for i := range 3 {
		each(t, fmt.Sprintf("on MDS %d alone", i), func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
			cluster.Open(simVolume.String(), ruleHost+":9001")
			cluster.Node(i).FreezeClients()
			cluster.CloseClient(simVolume.String(), ruleHost)
			report := expect(t, guard, "one MDS lists it", InUse, "")
			if h := report.Holders; len(h) != 1 || h[0].Host != ruleHost || len(h[0].MDS) != 1 || h[0].MDS[0].Host != cluster.Node(i).Host() {
				t.Errorf("holders %+v", h)
			}
		})
	}
	each(t, "on an MDS that refuses its ping", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		expect(t, guard, "well", Free, "")
		cluster.Open(simVolume.String(), ruleHost+":9001")
		cluster.Node(0).FreezeClients()
		cluster.Node(0).Inject(fakemds.AgentError("no leader").On("ping"))
		cluster.CloseClient(simVolume.String(), ruleHost)
		if report := expect(t, guard, "it alone lists the client", InUse, ""); report.Rounds != 1 {
			t.Errorf("found in round %d, want the first", report.Rounds)
		}
	})
	each(t, "in the second round alone", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		time.AfterFunc(time.Second, func() { cluster.Open(simVolume.String(), ruleHost) })
		report := expect(t, guard, "it opens meanwhile", InUse, "")
		if h := report.Holders; len(h) != 1 || !slices.Equal(h[0].Rounds, []int{2}) {
			t.Errorf("holders %+v, want round 2", h)
		}
	})
	each(t, "whatever else is wrong", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), ruleHost)
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Inject(fakemds.Hang)
		cluster.Node(2).Inject(fakemds.AgentError("no leader").On("ping", "facts"))
		expect(t, guard, "the last MDS standing refuses its ping and knows no cluster", InUse, "")
	})
	each(t, "hosts are compared as addresses", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), "[::ffff:10.0.0.7]:9001")
		expect(t, guard, "the allowed host, in IPv6 form", Free, "", AllowHost("10.0.0.7"))
		expect(t, guard, "10.0.0.70 is not 10.0.0.7", InUse, "", AllowHost("10.0.0.70"))
	})
	for _, ip := range []string{"", "host-7", "10.0.0.7.", "fe80::1%eth0"} {
		j := judging{terms: Terms{Allowed: []netip.Addr{netip.MustParseAddr("10.0.0.7")}}}
		if s := j.standing(zbs.Client{IP: ip}, 0); s != Foreign {
			t.Errorf("client %q is %v, want foreign", ip, s)
		}
	}
}

func TestRule10Fence(t *testing.T) {
	fence := func(after time.Duration) CheckOption {
		return FencedBy(Attestation{Host: netip.MustParseAddr(ruleHost), At: time.Now().Add(after), By: "bmc"})
	}
	each(t, "removes the host's clients", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), ruleHost+":9001")
		report := expect(t, guard, "fenced just now", Free, "", fence(0))
		if len(report.Fences) != 1 || report.Fences[0].By != "bmc" || len(report.Holders) != 1 || report.Holders[0].Standing != Fenced {
			t.Errorf("fences %v, holders %v; want both on record", report.Fences, report.Holders)
		}
		cluster.Open(simVolume.String(), "10.0.0.3:9001")
		expect(t, guard, "another host has it too", InUse, "", fence(0))
	})
	each(t, "not before its time", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), ruleHost+":9001")
		report := expect(t, guard, "attested for later", InUse, "", fence(time.Nanosecond))
		if !slices.ContainsFunc(report.Notes, func(r Reason) bool { return r.Code == FenceLater }) {
			t.Errorf("notes %v, want that the attestation was not used", report.Notes)
		}
	})
	each(t, "a host that is back", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		time.AfterFunc(time.Second, func() { cluster.Open(simVolume.String(), ruleHost+":9002") })
		report := expect(t, guard, "it opens the volume again", InUse, "", fence(0))
		if !slices.ContainsFunc(report.Notes, func(r Reason) bool { return r.Code == FenceBroken }) {
			t.Errorf("notes %v, want that the fence is broken", report.Notes)
		}
	})
}
