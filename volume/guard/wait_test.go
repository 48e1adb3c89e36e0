package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// cause is what makes a check Unknown for one reason, until it is gone.
type cause struct {
	set, clear func(*fakemds.Cluster, guard.Hosts)
	opts       []guard.CheckOption
}

// onTwo puts a fault on a majority.
func onTwo(f fakemds.Fault) cause { return onNodes(2, f) }

func onNodes(n int, f fakemds.Fault) cause {
	return onEach(n, func(node *fakemds.Node) { node.Inject(f) }, (*fakemds.Node).Clear)
}

func onEach(n int, set, clear func(*fakemds.Node)) cause {
	each := func(do func(*fakemds.Node)) func(*fakemds.Cluster, guard.Hosts) {
		return func(c *fakemds.Cluster, _ guard.Hosts) {
			for i := range n {
				do(c.Node(i))
			}
		}
	}
	return cause{set: each(set), clear: each(clear)}
}

// upgrade replaces the agent, and syncs it.
func upgrade(to fakemds.Generation) func(*fakemds.Node) {
	return func(n *fakemds.Node) {
		if err := n.Upgrade(to); err != nil {
			panic(err)
		}
		n.Sync("5.5.0")
	}
}

// cutOff parts host 3 from the MDS, and brings it back.
func cutOff(after time.Duration, opts ...guard.CheckOption) cause {
	return cause{
		set: func(c *fakemds.Cluster, _ guard.Hosts) {
			time.AfterFunc(after, func() { c.CutOff("10.0.0.3", at(0)) })
		},
		clear: func(c *fakemds.Cluster, _ guard.Hosts) { c.Reconnect("10.0.0.3", at(interval)) },
		opts:  opts,
	}
}

var causes = map[guard.Code]cause{
	proof.PoolsUnknown:     onNodes(3, fakemds.AgentError("no").On("capacity")),
	proof.ClusterUnknown:   onTwo(fakemds.Hang.On("facts")),
	proof.NoReply:          onTwo(fakemds.Hang.On("ping")),
	proof.MalformedReply:   onTwo(fakemds.Garbage.On("volume/clients")),
	proof.RefusedReply:     onTwo(fakemds.AgentError("no leader").On("ping")),
	proof.NoQuorum:         onTwo(fakemds.Refuse),
	proof.ExistenceUnknown: onNodes(3, fakemds.AgentError("rpc timeout").On("volume/query")),
	proof.WrongCluster:     onEach(1, func(n *fakemds.Node) { n.SetCluster("another") }, func(n *fakemds.Node) { n.SetCluster("") }),
	proof.Unsynced:         onEach(2, (*fakemds.Node).Unsync, func(n *fakemds.Node) { n.Sync("5.5.0") }),
	proof.SyncUntold: onEach(2, func(n *fakemds.Node) {
		n.SetGeneration(fakemds.G7e)
		n.Unsync()
	}, func(n *fakemds.Node) { n.Sync("") }),
	proof.AgentTooOld:     onEach(2, upgrade(fakemds.G6), upgrade(fakemds.G9)),
	proof.ListingUnproved: onEach(2, func(n *fakemds.Node) { n.SetOldStorage(true) }, func(n *fakemds.Node) { n.SetOldStorage(false) }),
	proof.HostUnproved:    cutOff(0),
	proof.HostLost:        cutOff(time.Second),
	proof.SelfFencingPending: { // longer than a check waits
		set:   func(c *fakemds.Cluster, _ guard.Hosts) { c.CutOff("10.0.0.3", at(0)) },
		clear: func(c *fakemds.Cluster, _ guard.Hosts) { c.Reconnect("10.0.0.3", at(interval)) },
		opts: []guard.CheckOption{guard.SelfFencing(time.Hour), guard.WithWitness(&witness{answer: func(context.Context, guard.Host) (guard.Testimony, error) {
			return guard.Testimony{LastAlive: time.Now()}, nil
		}})},
	},
	proof.VolumeMissing: {
		set:   func(c *fakemds.Cluster, _ guard.Hosts) { c.RemoveVolume(path.String()) },
		clear: func(c *fakemds.Cluster, _ guard.Hosts) { c.AddVolume(path.String()) },
	},
	proof.InventoryIncomplete: {
		set:   func(c *fakemds.Cluster, _ guard.Hosts) { c.Open(disk(1).String(), "10.0.0.77:9000") },
		clear: func(c *fakemds.Cluster, _ guard.Hosts) { c.CloseClient(disk(1).String(), "10.0.0.77") },
	},
	proof.NamedOpen: {
		set:   func(_ *fakemds.Cluster, h guard.Hosts) { h[2].Open = append(h[2].Open, path) },
		clear: func(_ *fakemds.Cluster, h guard.Hosts) { h[2].Open = h[2].Open[:1] },
	},
	proof.HostIdle: {
		set:   func(_ *fakemds.Cluster, h guard.Hosts) { h[2].Open = nil },
		clear: func(_ *fakemds.Cluster, h guard.Hosts) { h[2].Open = []zbs.Path{disk(3)} },
	},
	proof.Interrupted:      {}, // TestWaitEndsWithItsContext
	proof.Invalid:          {}, // TestWaitGivesUp: by what it means, it stays
	proof.InventoryUnknown: {}, // TestHostSource
	proof.NoInventory:      {}, // TestHostSource
	proof.FenceOld:         {}, // TestIssueFenceOneHourOld: time does not mend it
	proof.SameServer:       {}, // a mistake in the list
	proof.UnsafePolicy:     {}, // by what it means, it stays
	proof.Stale:            {}, // a Guard makes no such evidence,
	proof.TooFewRounds:     {}, // nor such; both are for what is replayed
}

// changing is an inventory that changes while a Guard lives.
type changing struct {
	mu    sync.Mutex // guards hosts
	hosts guard.Hosts
}

func (c *changing) Hosts(context.Context) ([]guard.Host, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.hosts), nil
}

// What is Unknown becomes definite, within the documented time after its cause is
// gone, for every transient reason there is.
func TestNeverStuck(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	for code, c := range causes {
		if c.set == nil {
			continue
		}
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := newCluster(t, 3)
				inventory := &changing{hosts: hosts()}
				g := guardOf(t, cluster, inventory, c.opts...)
				c.set(cluster, inventory.hosts)
				report := wantUnknown(t, g, code)
				i := slices.IndexFunc(report.Reasons, func(r guard.Reason) bool { return r.Code == code })
				if i < 0 || report.Reasons[i].RetryAfter <= 0 || report.Reasons[i].What() == "" || report.Reasons[i].Settle() == "" {
					t.Fatalf("reasons %+v do not say when to ask again, or what it is", report.Reasons)
				}
				const lasts = 30 * time.Second
				began := time.Now()
				time.AfterFunc(lasts, func() {
					inventory.mu.Lock()
					defer inventory.mu.Unlock()
					c.clear(cluster, inventory.hosts)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()
				report, err := g.Wait(ctx, path)
				if err != nil {
					t.Errorf("after its cause was gone: %v, %v", report.Verdict, err)
				}
				// A check may be under way when the cause goes.
				after := time.Since(began) - lasts
				if most := 2*report.Longest() + interval; after > most {
					t.Errorf("free %v after its cause was gone, want within %v", after, most)
				}
			})
		})
	}
}

// No MDS, nor all of them, can keep a check longer than Terms.Longest.
func TestLongest(t *testing.T) {
	if testing.Short() {
		t.Skip("so many checks are too much for the race detector; -short leaves them out")
	}
	faults := []fakemds.Fault{fakemds.Blackhole, fakemds.Hang, fakemds.HangAfter, fakemds.CallbackLost,
		fakemds.Slow(proof.DefaultSpan - time.Second), fakemds.SlowBody(2 * time.Second), fakemds.Slow(1900 * time.Millisecond),
		fakemds.Hang.On("capacity"), fakemds.Hang.On("resource/usage"), fakemds.Slow(5 * time.Second).On("volume/clients")}
	for _, opts := range [][]guard.CheckOption{nil, {guard.WithPolicy(guard.All)}, {guard.SelfFencing(30 * time.Second)}} {
		synctest.Test(t, func(t *testing.T) {
			cluster := newCluster(t, 3)
			caller := mdstest.Caller(t, cluster)
			known, err := guard.New(caller, hosts(), opts...)
			if err != nil {
				t.Fatal(err)
			}
			known.Check(t.Context(), path)
			for _, f := range faults {
				for n := 1; n <= 3; n++ {
					onNodes(n, f).set(cluster, nil)
					fresh, err := guard.New(caller, hosts(), opts...)
					if err != nil {
						t.Fatal(err)
					}
					for _, g := range []*guard.Guard{known, fresh} {
						began := time.Now()
						report, err := g.Check(t.Context(), path)
						if took, most := time.Since(began), report.Longest(); took > most {
							t.Errorf("%v on %d: %v after %v, want within %v", f, n, report.Verdict, took, most)
						}
						if err == nil && report.Expired() {
							t.Errorf("%v on %d: free, and expired when it came", f, n)
						}
					}
					onNodes(n, f).clear(cluster, nil)
				}
			}
			onNodes(3, fakemds.Blackhole).set(cluster, nil)
			fresh, _ := guard.New(caller, hosts(), opts...)
			began := time.Now()
			most := together(t.Context(), fresh, slices.Collect(thousands(cluster, 20)))
			if took := time.Since(began); took > proof.DefaultTerms().Longest() || most == nil {
				t.Errorf("20 checks that nobody answers took %v: %v", took, most)
			}
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // while it waits
		cluster, g := guarded(t, 3)
		cluster.RemoveVolume(path.String())
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		began := time.Now()
		report, err := g.Wait(ctx, path)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, guard.ErrUndetermined) || !hasReason(report.Reasons, proof.VolumeMissing) {
			t.Errorf("%v, %v; want the context's error and the reason", report.Verdict, err)
		}
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) { // while it checks
		_, g := guarded(t, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		report, err := g.Wait(ctx, path)
		if !errors.Is(err, context.DeadlineExceeded) || report.Verdict != guard.Unknown || report.Rounds != 1 || !hasReason(report.Reasons, proof.Interrupted) {
			t.Errorf("%v after %d rounds, %v", report.Verdict, report.Rounds, err)
		}
		if _, err := g.Check(t.Context(), path); err != nil {
			t.Errorf("with more time: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // before it began
		cluster, g := guarded(t, 3)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		report, err := g.Check(ctx, path)
		if !errors.Is(err, context.Canceled) || report.Verdict != guard.Unknown || mdstest.Asked(cluster, "") != 0 {
			t.Errorf("%v, %v, %d requests", report.Verdict, err, mdstest.Asked(cluster, ""))
		}
	})
}

func TestWaitGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		if report, err := g.Wait(t.Context(), zbs.Path{}); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("%v, %v", report.Verdict, err)
		}
		cluster.Open(path.String(), "10.0.0.2:9001")
		if report, err := g.Wait(t.Context(), path); !errors.Is(err, guard.ErrInUse) || report.Verdict != guard.InUse {
			t.Errorf("%v, %v", report.Verdict, err)
		}
	})
}

// A verdict that expired before it could be told is none: Wait checks again.
func TestWaitChecksAgainAfterASuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		undo := func() {}
		defer func() {
			synctest.Wait()
			undo()
		}()
		time.AfterFunc(interval-time.Millisecond, func() { cluster.Node(0).Inject(fakemds.Slow(20 * time.Millisecond)) })
		time.AfterFunc(interval+time.Millisecond, func() { undo = clock.Suspend(time.Hour) })
		if report, err := g.Wait(t.Context(), path); err != nil || report.Expired() {
			t.Errorf("%v: %v", report.Verdict, err)
		}
	})
}

// An attestation that does not hold leaves the other means to a host.
func TestFenceThatDoesNotHold(t *testing.T) {
	for _, age := range []time.Duration{time.Hour, -time.Minute} {
		t.Run(fmt.Sprint(age), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, g := guarded(t, 3)
				fence := guard.FencedBy(guard.Attestation{Host: "kvm-2", At: time.Now().Add(-age), By: "bmc"})
				report, err := g.Check(t.Context(), path, fence)
				if err != nil || report.Hosts[1].Means != proof.Visible {
					t.Errorf("a host that every MDS shows: %v, %v", report.Verdict, err)
				}
			})
		})
	}
}
