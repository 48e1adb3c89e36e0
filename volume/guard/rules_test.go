package guard_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// The tests of how a Guard asks, by the number of the rule that it rests on. What
// the answers come to is tested in package proof.

// expect checks once and compares the verdict and, for Unknown, whether the code
// is among the reasons.
func expect(t *testing.T, g *guard.Guard, why string, want guard.Verdict, code guard.Code, opts ...guard.CheckOption) guard.Report {
	t.Helper()
	report, err := g.Check(t.Context(), path, opts...)
	if report.Verdict != want || code != "" && !hasReason(report.Reasons, code) {
		t.Errorf("%s: %v with reasons %v, want %v with %q", why, report.Verdict, report.Reasons, want, code)
	}
	is := map[guard.Verdict]error{guard.Unknown: guard.ErrUndetermined, guard.InUse: guard.ErrInUse}[want]
	if (want == guard.Free) != (err == nil) || !errors.Is(err, is) {
		t.Errorf("%s: error %v for %v", why, err, want)
	}
	return report
}

// bubble runs f in a bubble on a healthy cluster of three MDS.
func bubble(t *testing.T, name string, f func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster, g := guarded(t, 3)
			f(t, cluster, g)
		})
	})
}

func TestCheckRule1Identity(t *testing.T) {
	bubble(t, "a strange MDS", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Node(0).SetCluster("another")
		report := expect(t, g, "the first of the list", guard.Unknown, proof.WrongCluster)
		if err := report.Err(nil); !errors.Is(err, zbs.ErrWrongCluster) {
			t.Errorf("error %v, want ErrWrongCluster", err)
		}
		if n := cluster.Node(0).Asked("capacity"); n != 0 {
			t.Error("an MDS of another cluster was asked for the physical pool")
		}
		cluster.Node(0).SetCluster("")
		expect(t, g, "mended", guard.Free, "")
	})
	bubble(t, "becomes strange", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "well", guard.Free, "")
		cluster.Node(0).SetCluster("another")
		expect(t, g, "found out by its ping", guard.Unknown, proof.WrongCluster)
	})
	bubble(t, "expected", func(t *testing.T, _ *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "all MDS are of a cluster that is not expected", guard.Unknown, proof.PoolsUnknown, guard.ExpectCluster("mine"))
		expect(t, g, "the expected", guard.Free, "", guard.ExpectCluster("11111111-2222-3333-4444-555555555555"))
	})
	bubble(t, "no majority", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Node(0).SetCluster("another")
		cluster.Node(1).Inject(fakemds.Refuse)
		expect(t, g, "two of three name two clusters", guard.Unknown, proof.ClusterUnknown)
		cluster.Open(path.String(), "10.0.0.2:9001")
		expect(t, g, "and a client is listed", guard.InUse, "")
	})
}

func TestCheckRule2Order(t *testing.T) {
	bubble(t, "in turn", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(100 * time.Millisecond))
		}
		report := expect(t, g, "every question takes its time", guard.Free, "")
		for _, round := range report.Evidence.Rounds {
			for _, o := range round.Observations {
				last := o.Ping.Answer
				for _, a := range []proof.Answer{o.Clients.Answer, o.Survey.Lists[0].Answer} {
					if a.Asked < last.Asked+last.Took {
						t.Errorf("asked at %v, the answer before came at %v", a.Asked, last.Asked+last.Took)
					}
					last = a
				}
			}
		}
	})
	// An agent that restarts behind its ping, and is synced before it could be
	// asked for other volumes, is too late.
	bubble(t, "a restart within the round", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "well", guard.Free, "")
		cluster.Open(path.String(), "10.0.0.2:9001")
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Second))
			time.AfterFunc(1500*time.Millisecond, func() { cluster.Node(i).Unsync() })
			time.AfterFunc(proof.DefaultSpan+2*time.Second, func() { cluster.Node(i).Sync("5.5.0") })
		}
		if report, _ := g.Check(t.Context(), path); report.Verdict == guard.Free {
			t.Error("restarted agents were believed")
		}
	})
	bubble(t, "unsynced", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Node(0).Unsync()
		expect(t, g, "one agent", guard.Free, "")
		cluster.Node(1).Unsync()
		expect(t, g, "a majority", guard.Unknown, proof.Unsynced)
	})
	bubble(t, "by a host that need not be shown", func(t *testing.T, cluster *fakemds.Cluster, _ *guard.Guard) {
		g := guardOf(t, cluster, guard.Hosts{kvm(1), {Name: "idle", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.9")}, State: guard.Maintenance}})
		cluster.CloseClient(disk(2).String(), "10.0.0.2")
		expect(t, g, "the machine of the allowed host", guard.Free, "", guard.AllowHost("kvm-1"))
	})
	bubble(t, "by a canary", func(t *testing.T, cluster *fakemds.Cluster, _ *guard.Guard) {
		one := kvm(1)
		one.Open = nil
		g := guardOf(t, cluster, guard.Hosts{one})
		expect(t, g, "nothing is known to be open", guard.Unknown, proof.ListingUnproved)
		expect(t, g, "a canary", guard.Free, "", guard.Canary(disk(1)))
	})
}

func TestCheckRule3Fence(t *testing.T) {
	bubble(t, "by address", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Open(path.String(), "10.0.0.2:9001")
		report := expect(t, g, "fenced just now", guard.Free, "", guard.FencedBy(guard.Attestation{Host: "192.168.7.2", At: time.Now(), By: "bmc"}))
		if len(report.Fences) != 1 || report.Fences[0].Host != "kvm-2" || report.Fences[0].By != "bmc" {
			t.Errorf("fences %v, want it on record by name", report.Fences)
		}
	})
	bubble(t, "back", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		fence := guard.FencedBy(guard.Attestation{Host: "kvm-2", At: time.Now(), By: "bmc"})
		time.AfterFunc(time.Second, func() { cluster.Open(path.String(), "10.0.0.2:9002") })
		report := expect(t, g, "it opens the volume again", guard.InUse, "", fence)
		if !hasReason(report.Notes, proof.FenceBroken) {
			t.Errorf("notes %v, want that the fence is broken", report.Notes)
		}
	})
}

// listWitness tells what it is told to.
type listWitness struct {
	say func(ctx context.Context, host guard.Host, volumes []zbs.Path) (guard.Testimony, error)

	mu    sync.Mutex // guards asked
	asked []string
}

func (w *listWitness) Ask(ctx context.Context, host guard.Host, volumes []zbs.Path) (guard.Testimony, error) {
	w.mu.Lock()
	w.asked = append(w.asked, host.Name)
	w.mu.Unlock()
	return w.say(ctx, host, volumes)
}

// saysNo says that nothing is open on the host.
func saysNo(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
	return guard.Testimony{At: time.Now()}, nil
}

func TestCheckRule3Witness(t *testing.T) {
	type testimony = func(ctx context.Context, host guard.Host, volumes []zbs.Path) (guard.Testimony, error)
	late := func(d time.Duration) testimony {
		return func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			at := time.Now()
			time.Sleep(d) // does not heed its context
			return guard.Testimony{At: at}, nil
		}
	}
	for why, c := range map[string]struct {
		say  testimony
		want guard.Verdict
	}{
		"says no":      {saysNo, guard.Free},
		"takes a time": {late(time.Second), guard.Free},
		"is late":      {late(proof.DefaultSpan + time.Second), guard.Unknown},
		"hangs": {func(ctx context.Context, _ guard.Host, _ []zbs.Path) (guard.Testimony, error) {
			<-ctx.Done()
			return guard.Testimony{At: time.Now()}, nil
		}, guard.Unknown},
		"fails": {func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now()}, errors.New("no route")
		}, guard.Unknown},
		"does not say when": {func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{}, nil
		}, guard.Unknown},
		"says it of yesterday": {func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now().Add(-24 * time.Hour)}, nil
		}, guard.Unknown},
		"says yes": {func(_ context.Context, _ guard.Host, volumes []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now(), Open: volumes}, nil
		}, guard.InUse},
		"says yes of another": {func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{At: time.Now(), Open: []zbs.Path{disk(1)}}, nil
		}, guard.Free},
	} {
		bubble(t, why, func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
			cluster.CutOff("10.0.0.2", at(0))
			w := &listWitness{say: c.say}
			expect(t, g, why, c.want, "", guard.WithWitness(w))
			w.mu.Lock()
			if len(w.asked) == 0 || slices.ContainsFunc(w.asked, func(h string) bool { return h != "kvm-2" }) {
				t.Errorf("asked about %v, want about kvm-2 alone", w.asked)
			}
			w.mu.Unlock()
			time.Sleep(time.Minute) // for those that are late
		})
	}
	bubble(t, "fenced, and alive", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.CutOff("10.0.0.2", at(0))
		w := &listWitness{say: func(context.Context, guard.Host, []zbs.Path) (guard.Testimony, error) {
			return guard.Testimony{LastAlive: time.Now()}, nil
		}}
		expect(t, g, "self-fencing, but it is alive", guard.Unknown, proof.SelfFencingPending, guard.WithWitness(w), guard.SelfFencing(20*time.Second))
		expect(t, g, "self-fencing", guard.Free, "", guard.SelfFencing(20*time.Second))
	})
}

func TestCheckRule4Path(t *testing.T) {
	bubble(t, "bad", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for why, bad := range map[string]zbs.Path{
			"zero path": {}, "snapshot": {Pool: "lp1", Volume: "vol", Snapshot: "s"}, "remote": {Pool: "lp1", Volume: "vol?r=x"},
			"shell": {Pool: "lp1", Volume: "vol;reboot"}, "no pool": {Volume: "vol"},
		} {
			report, err := g.Check(t.Context(), bad)
			if !errors.Is(err, zbs.ErrInvalidPath) || !errors.Is(err, guard.ErrUndetermined) || report.Verdict != guard.Unknown {
				t.Errorf("%s: %v, %v; want Unknown and ErrInvalidPath", why, report.Verdict, err)
			}
		}
		now := time.Now()
		for why, bad := range map[string]guard.CheckOption{
			"no host": guard.AllowHost(""), "a host of no inventory": guard.AllowHost("kvm-9"), "an address of none": guard.AllowHost("10.9.9.9"),
			"no cluster": guard.ExpectCluster(""), "canary": guard.Canary(zbs.Path{}), "policy": guard.WithPolicy(7),
			"canary snapshot":  guard.Canary(zbs.Path{Pool: "p", Volume: "v", Snapshot: "s"}),
			"no fenced host":   guard.FencedBy(guard.Attestation{At: now, By: "x"}),
			"no time of fence": guard.FencedBy(guard.Attestation{Host: "kvm-2", By: "x"}),
			"no fencer":        guard.FencedBy(guard.Attestation{Host: "kvm-2", At: now}),
			"fenced stranger":  guard.FencedBy(guard.Attestation{Host: "kvm-9", At: now, By: "x"}),
			"fence age":        guard.MaxFenceAge(0), "self-fencing": guard.SelfFencing(0), "witness": guard.WithWitness(nil),
			"one round": guard.WithTiming(guard.Timing{Rounds: 1}), "rounds too close": guard.WithTiming(guard.Timing{RoundInterval: 12 * time.Second}),
			"long span": guard.WithTiming(guard.Timing{Span: 7 * time.Second}), "negative": guard.WithTiming(guard.Timing{RegistryExpiry: -1}),
			"load": guard.WithLoad(guard.Load{PerSecond: -1}), "parallel": guard.WithLoad(guard.Load{Parallel: -1}),
		} {
			report, err := g.Check(t.Context(), path, bad)
			if !errors.Is(err, mds.ErrInvalidOption) || !errors.Is(err, guard.ErrUndetermined) || report.Verdict != guard.Unknown {
				t.Errorf("option %s: %v, %v; want Unknown and ErrInvalidOption", why, report.Verdict, err)
			}
			if strings.Contains(why, "stranger") && !strings.Contains(err.Error(), "kvm-1, kvm-2, kvm-3") {
				t.Errorf("option %s: %v does not name the hosts there are", why, err)
			}
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

func TestCheckRule4Existence(t *testing.T) {
	bubble(t, "missing", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.RemoveVolume(path.String())
		if report := expect(t, g, "no such volume", guard.Unknown, proof.VolumeMissing); !errors.Is(report.Err(nil), guard.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", report.Err(nil))
		}
		if _, err := g.Check(t.Context(), zbs.Path{Pool: "nope", Volume: "v"}); !errors.Is(err, guard.ErrNotFound) || !errors.Is(err, guard.ErrUndetermined) {
			t.Errorf("no such pool: %v, want ErrNotFound and ErrUndetermined", err)
		}
		for report, err := range g.CheckAll(t.Context(), slices.Values([]zbs.Path{path, disk(1), path})) {
			if report.Volume == path && !errors.Is(err, guard.ErrNotFound) {
				t.Errorf("in bulk: %v, %v; want ErrNotFound", report.Verdict, err)
			}
		}
	})
	bubble(t, "removed meanwhile", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		time.AfterFunc(time.Second, func() { cluster.RemoveVolume(path.String()) })
		expect(t, g, "gone in the second round", guard.Unknown, proof.VolumeMissing)
	})
	bubble(t, "one MDS tells", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.AgentError("rpc timeout").On("volume/query"))
		}
		expect(t, g, "no query is answered", guard.Unknown, proof.ExistenceUnknown)
		for i := range 3 {
			cluster.Node(i).Clear()
			expect(t, g, "one MDS answers", guard.Free, "")
			cluster.Node(i).Inject(fakemds.AgentError("rpc timeout").On("volume/query"))
		}
	})
}

func TestCheckRule6Rounds(t *testing.T) {
	// A leader switch just before the check: the disks are back, the writer is not.
	bubble(t, "leader switch", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Open(path.String(), "10.0.0.2:9001")
		cluster.SwitchLeader(func(volume string, _ fakemds.ClientState) time.Duration {
			if volume == "lp1/vol" {
				return proof.DefaultRefresh + proof.DefaultLeaderRetry
			}
			return 0
		})
		if report := expect(t, g, "the registry refills", guard.InUse, ""); report.Rounds != 2 {
			t.Errorf("found in round %d, want the second", report.Rounds)
		}
	})
	bubble(t, "thorough", func(t *testing.T, _ *fakemds.Cluster, g *guard.Guard) {
		began := time.Now()
		report := expect(t, g, "three rounds", guard.Free, "", guard.WithTiming(guard.Timing{Rounds: 3, RoundInterval: time.Minute}))
		if took := time.Since(began); report.Rounds != 3 || took != 2*time.Minute {
			t.Errorf("%d rounds in %v, want 3 in 2m0s", report.Rounds, took)
		}
	})
	bubble(t, "a spoiled round", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "well", guard.Free, "")
		cluster.SwitchLeader(at(2 * time.Second))
		began := time.Now()
		report := expect(t, g, "the registry is empty in the first round", guard.Free, "")
		if took, want := time.Since(began), proof.DefaultRefresh/2+interval; report.Rounds != 3 || took < want || took > want+100*time.Millisecond {
			t.Errorf("%d rounds in %v, want 3 in about %v", report.Rounds, took, want)
		}
	})
	bubble(t, "one that stays", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.CutOff("10.0.0.2", at(0))
		began := time.Now()
		expect(t, g, "a host is cut off for good", guard.Unknown, proof.HostUnproved)
		if took := time.Since(began); took > proof.DefaultTerms().Longest() {
			t.Errorf("took %v, longer than any check may", took)
		}
	})
}

func TestCheckRule7ForeignClient(t *testing.T) {
	bubble(t, "on an MDS that refuses its ping", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "well", guard.Free, "")
		cluster.Open(path.String(), "10.0.0.2:9001")
		cluster.Node(0).FreezeClients()
		cluster.Node(0).Inject(fakemds.AgentError("no leader").On("ping"))
		cluster.CloseClient(path.String(), "10.0.0.2")
		if report := expect(t, g, "it alone lists the client", guard.InUse, ""); report.Rounds != 1 {
			t.Errorf("found in round %d, want the first", report.Rounds)
		}
	})
	bubble(t, "in the second round alone", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		time.AfterFunc(time.Second, func() { cluster.Open(path.String(), "10.0.0.2:9001") })
		report := expect(t, g, "it opens meanwhile", guard.InUse, "")
		if h := report.Holders; len(h) != 1 || !slices.Equal(h[0].Rounds, []int{2}) {
			t.Errorf("holders %+v, want round 2", h)
		}
	})
	bubble(t, "whatever else is wrong", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		cluster.Open(path.String(), "10.0.0.2:9001")
		cluster.Node(0).Inject(fakemds.Refuse)
		cluster.Node(1).Inject(fakemds.Hang)
		cluster.Node(2).Inject(fakemds.AgentError("no leader").On("ping", "facts"))
		expect(t, g, "the last MDS standing refuses its ping and knows no cluster", guard.InUse, "")
	})
	// A round does not wait for an MDS that is slow. What it lists afterwards counts
	// in the next.
	bubble(t, "late", func(t *testing.T, cluster *fakemds.Cluster, g *guard.Guard) {
		expect(t, g, "well", guard.Free, "")
		cluster.Open(path.String(), "10.0.0.2:9001")
		cluster.Node(0).FreezeClients()
		cluster.Node(0).Inject(fakemds.Slow(time.Second).On("volume/clients").Times(1))
		cluster.CloseClient(path.String(), "10.0.0.2")
		time.AfterFunc(3*time.Second, func() { cluster.Node(0).Inject(fakemds.Refuse) })
		report := expect(t, g, "its list comes after the round", guard.InUse, "")
		if report.Rounds != 2 || len(report.Holders) != 1 || !slices.Equal(report.Holders[0].MDS, report.Evidence.MDS[:1]) {
			t.Errorf("round %d, holders %+v", report.Rounds, report.Holders)
		}
	})
}
