package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/zbs"
)

// cause is what makes a check Unknown for one reason, until it is gone.
type cause struct {
	set, clear func(*fakemds.Cluster)
	opts       []CheckOption
}

// onTwo puts a fault on a majority.
func onTwo(f fakemds.Fault) cause { return onNodes(2, f) }

func onNodes(n int, f fakemds.Fault) cause {
	return cause{
		set: func(c *fakemds.Cluster) {
			for i := range n {
				c.Node(i).Inject(f)
			}
		},
		clear: func(c *fakemds.Cluster) {
			for i := range n {
				c.Node(i).Clear()
			}
		},
	}
}

var causes = map[Code]cause{
	PoolsUnknown:     onNodes(3, fakemds.AgentError("no").On("capacity")),
	ClusterUnknown:   onTwo(fakemds.Hang.On("facts")),
	NoReply:          onTwo(fakemds.Blackhole),
	MalformedReply:   onTwo(fakemds.Garbage.On("volume/clients")),
	RefusedReply:     onTwo(fakemds.AgentError("no leader").On("ping")),
	NoQuorum:         onTwo(fakemds.Refuse),
	ExistenceUnknown: onNodes(3, fakemds.AgentError("rpc timeout").On("volume/query")),
	WrongCluster: {
		set:   func(c *fakemds.Cluster) { c.Node(0).SetCluster("another") },
		clear: func(c *fakemds.Cluster) { c.Node(0).SetCluster("") },
	},
	Unsynced: {
		set:   func(c *fakemds.Cluster) { c.Node(0).Unsync(); c.Node(1).Unsync() },
		clear: func(c *fakemds.Cluster) { c.Node(0).Sync("5.5.0"); c.Node(1).Sync("5.5.0") },
	},
	CanaryEmpty: {
		set:   func(c *fakemds.Cluster) { c.Node(0).SetOldStorage(true); c.Node(1).SetOldStorage(true) },
		clear: func(c *fakemds.Cluster) { c.Node(0).SetOldStorage(false); c.Node(1).SetOldStorage(false) },
	},
	CanaryFew: {
		set: func(c *fakemds.Cluster) {
			c.CutOff(ruleHost, func(string, fakemds.ClientState) time.Duration { return 0 })
		},
		clear: func(c *fakemds.Cluster) {
			c.Reconnect(ruleHost, func(string, fakemds.ClientState) time.Duration { return DefaultRefresh + DefaultLeaderRetry })
		},
		opts: []CheckOption{MinCanaryHosts(3)},
	},
	CanaryLost: { // goes away while the check is under way
		set: func(c *fakemds.Cluster) {
			time.AfterFunc(time.Second, func() { c.CloseClient(simCanary, ruleHost) })
		},
		clear: func(c *fakemds.Cluster) {},
	},
	VolumeMissing: {
		set:   func(c *fakemds.Cluster) { c.RemoveVolume(simVolume.String()) },
		clear: func(c *fakemds.Cluster) { c.AddVolume(simVolume.String()) },
	},
	Interrupted:  {}, // TestWaitEndsWithItsContext
	Invalid:      {}, // TestWaitGivesUp: by what it means, it stays
	Stale:        {}, // a Guard makes no such evidence,
	TooFewRounds: {}, // nor such; both are for what is replayed
}

// What is Unknown becomes definite, within the documented time after its cause
// is gone, for every reason there is.
func TestNeverStuck(t *testing.T) {
	for code := range meanings {
		c, ok := causes[code]
		if notes := []Code{NoHostMinimum, UnsafePolicy, FenceLater, FenceBroken}; !ok && !slices.Contains(notes, code) {
			t.Errorf("%s: no test says that it ends", code)
		}
		if c.set == nil {
			continue
		}
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, caller := room(t, 3)
				guard := New(caller, c.opts...)
				c.set(cluster)
				report := expect(t, guard, "while the cause is there", Unknown, code)
				i := slices.IndexFunc(report.Reasons, func(r Reason) bool { return r.Code == code })
				if i < 0 || report.Reasons[i].RetryAfter <= 0 || report.Reasons[i].What() == "" || report.Reasons[i].Settle() == "" {
					t.Fatalf("reason %+v does not say when to ask again, or what it is", report.Reasons)
				}
				const lasts = 30 * time.Second
				began := time.Now()
				time.AfterFunc(lasts, func() { c.clear(cluster) })
				report, err := guard.Wait(t.Context(), simVolume)
				if err != nil {
					t.Errorf("after its cause was gone: %v, %v", report.Verdict, err)
				}
				// A check may be under way when the cause goes.
				timing := Timing{}.withDefaults()
				after := time.Since(began) - lasts
				if most := timing.Longest() + code.retryAfter(timing) + timing.Longest(); after > most {
					t.Errorf("free %v after its cause was gone, want within %v", after, most)
				}
			})
		})
	}
}

// No MDS, nor all of them, can keep a check longer than Timing.Longest.
func TestLongest(t *testing.T) {
	for _, policy := range []Policy{Quorum, All} {
		synctest.Test(t, func(t *testing.T) {
			cluster, caller := room(t, 3)
			guard := New(caller, WithPolicy(policy))
			expect(t, guard, "well", Free, "")
			for _, f := range []fakemds.Fault{fakemds.Blackhole, fakemds.Hang, fakemds.HangAfter, fakemds.CallbackLost,
				fakemds.Slow(DefaultSpan - time.Second), fakemds.SlowBody(2 * time.Second), fakemds.Slow(1900 * time.Millisecond)} {
				for n := 1; n <= 3; n++ {
					onNodes(n, f).set(cluster)
					fresh := New(caller, WithPolicy(policy))
					for _, g := range []*Guard{guard, fresh} {
						began := time.Now()
						report, err := g.Check(t.Context(), simVolume)
						if took, most := time.Since(began), (Timing{}).Longest(); took > most {
							t.Errorf("%v on %d: %v after %v, want within %v", f, n, report.Verdict, took, most)
						}
						if err == nil && report.Expired(time.Now()) {
							t.Errorf("%v on %d: free, and expired when it came", f, n)
						}
					}
					onNodes(n, f).clear(cluster)
				}
			}
			onNodes(3, fakemds.Blackhole).set(cluster)
			fresh := New(caller, WithPolicy(policy))
			began := time.Now()
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { expect(t, fresh, "many at once", Unknown, PoolsUnknown) })
			}
			wg.Wait()
			if took, most := time.Since(began), 2*(Timing{}).Longest(); took > most {
				t.Errorf("20 checks that nobody answers took %v, want within %v", took, most)
			}
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	each(t, "while it waits", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.RemoveVolume(simVolume.String())
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		began := time.Now()
		report, err := guard.Wait(ctx, simVolume)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUndetermined) || !errors.Is(err, ErrNotFound) || report.Verdict != Unknown {
			t.Errorf("%v, %v; want the context's error and the reason", report.Verdict, err)
		}
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("took %v", took)
		}
	})
	each(t, "while it checks", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		report, err := guard.Wait(ctx, simVolume)
		if !errors.Is(err, context.DeadlineExceeded) || report.Verdict != Unknown || report.Rounds != 1 || report.Reasons[0].Code != Interrupted {
			t.Errorf("%v after %d rounds, %v", report.Verdict, report.Rounds, err)
		}
		expect(t, guard, "with more time", Free, "")
	})
	each(t, "before it began", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		report, err := guard.Check(ctx, simVolume)
		if !errors.Is(err, context.Canceled) || report.Verdict != Unknown {
			t.Errorf("%v, %v", report.Verdict, err)
		}
	})
}

func TestWaitGivesUp(t *testing.T) {
	each(t, "on what stays wrong", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		if report, err := guard.Wait(t.Context(), zbs.Path{}); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("%v, %v", report.Verdict, err)
		}
	})
	each(t, "on a holder", func(t *testing.T, cluster *fakemds.Cluster, guard *Guard) {
		cluster.Open(simVolume.String(), ruleHost)
		if report, err := guard.Wait(t.Context(), simVolume); !errors.Is(err, ErrInUse) || report.Verdict != InUse {
			t.Errorf("%v, %v", report.Verdict, err)
		}
	})
}
