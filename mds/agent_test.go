package mds_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// strangers returns a cluster of the generations with volumePath, and a Caller that
// knows nothing of its agents.
func strangers(t *testing.T, generations []fakemds.Generation, opts ...mds.Option) (*fakemds.Cluster, *mds.Caller) {
	t.Helper()
	cluster := fakemds.NewCluster(t, len(generations), fakemds.Generations(generations...))
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(volumePath)
	return cluster, newCaller(t, cluster, opts...)
}

var (
	snapPath = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol", Snapshot: "snap"}}

	aHost   = zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "S3cret"}
	oldOnes = []fakemds.Generation{fakemds.G1, fakemds.G2, fakemds.G3, fakemds.G4, fakemds.G5, fakemds.G6, fakemds.G6z}
)

// over returns a call of the command.
func over[R any](t *testing.T, c *mds.Caller, command zbs.Command[R]) func(...mds.CallOption) error {
	return func(opts ...mds.CallOption) error {
		_, err := mds.Call(t.Context(), c, command, opts...)
		return err
	}
}

// everything returns a call of every command that is not universal.
func everything(t *testing.T, c *mds.Caller) map[string]func(...mds.CallOption) error {
	return map[string]func(...mds.CallOption) error{
		"facts":           over(t, c, zbs.GetFacts{}),
		"ping":            over(t, c, zbs.Ping{}),
		"sync":            over(t, c, zbs.SyncMetadata{AgentVersion: "5.5.0"}),
		"capacity":        over(t, c, zbs.GetCapacity{}),
		"usage":           over(t, c, zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}}),
		"create":          over(t, c, zbs.CreateVolume{LogicalPool: "lp", Volume: "v", Size: zbs.Size{Count: 1}}),
		"delete":          over(t, c, zbs.DeleteVolume{Path: cbdPath}),
		"query":           over(t, c, zbs.QueryVolume{Path: cbdPath}),
		"query many":      over(t, c, zbs.QueryVolumes{Paths: []zbs.CBDPath{cbdPath}}),
		"clone":           over(t, c, zbs.CloneVolume{Path: snapPath, DstVolume: "v"}),
		"expand":          over(t, c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}),
		"flatten":         over(t, c, zbs.FlattenVolume{Path: cbdPath}),
		"export":          over(t, c, zbs.ExportNBD{Path: cbdPath, Ports: zbs.PortRange{First: 1, Last: 2}}),
		"unexport":        over(t, c, zbs.UnexportNBD{Port: 1}),
		"snapshot":        over(t, c, zbs.CreateSnapshot{Path: cbdPath, Snapshot: "snap"}),
		"delete snapshot": over(t, c, zbs.DeleteSnapshot{Path: snapPath}),
		"query snapshot":  over(t, c, zbs.QuerySnapshot{Path: snapPath}),
		"rollback":        over(t, c, zbs.RollbackSnapshot{Path: snapPath}),
		"copy":            over(t, c, zbs.CopySnapshot{Path: snapPath, DstVolume: "v"}),
		"deploy client":   over(t, c, zbs.DeployClient{Host: aHost}),
		"deploy vhost":    over(t, c, zbs.DeployVhost{Host: aHost}),
		"destroy vhost":   over(t, c, zbs.DestroyVhost{Host: aHost}),
		"check vhost":     over(t, c, zbs.CheckVhost{Host: aHost}),
		"vhost health":    over(t, c, zbs.GetVhostHealth{HostIP: "10.0.0.9"}),
		"create bdev":     over(t, c, zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "vol", Bdev: "b"}),
		"delete bdev":     over(t, c, zbs.DeleteBdev{Host: aHost, Bdev: "b"}),
	}
}

// On agents of 5.2.0 facts is a write, and a delete of today answers success and
// deletes nothing. Whatever is wanted of an old agent, it gets requests that it does
// not execute, and the error says what it is.
func TestOldAgentsGetNothingButTheProbe(t *testing.T) {
	for _, g := range oldOnes {
		t.Run(g.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{g})
				for what, call := range everything(t, c) {
					err := call(mds.TryNext())
					if !errors.Is(err, mds.ErrAgentTooOld) || errors.Is(err, mds.ErrAmbiguous) || !errors.Is(err, mds.ErrAllFailed) {
						t.Errorf("%s: %v, want ErrAgentTooOld", what, err)
					}
				}
				if can, err := mds.Recognise(t.Context(), c, c.Addrs()[0]); err != nil || !can.TooOld() {
					t.Errorf("recognised as %s, %v", can.Generation(), err)
				}
				wantProbesAlone(t, cluster.Node(0))
			})
		})
	}
}

func wantProbesAlone(t *testing.T, n *fakemds.Node) {
	t.Helper()
	for _, q := range n.Requests() {
		if q.Executed || q.Header.Get("taskuuid") != "" || q.Header.Get("callbackurl") != "" || q.Status != 404 && q.Status != 400 {
			t.Errorf("%s got %s: executed %t, status %d", n.Generation(), q.Path, q.Executed, q.Status)
		}
		if strings.Contains(string(q.Body), "S3cret") {
			t.Errorf("%s was sent a password", n.Generation())
		}
	}
	for _, harm := range n.Harm() {
		t.Errorf("harm: %+v", harm)
	}
}

// The error names the release, as far as it is known, and what to do.
func TestTooOldSaysWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := strangers(t, []fakemds.Generation{fakemds.G6})
		_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath})
		if err == nil || !strings.Contains(err.Error(), "ZStack 5.4.0 or older, or ZSV 4.10") || !strings.Contains(err.Error(), "upgrade ZStack") {
			t.Errorf("%v", err)
		}
		if h := mds.ProbeOne(t.Context(), c, c.Addrs()[0]); h.Err == nil || !strings.Contains(h.Err.Error(), "it is of ZStack 5.4.0 (G6)") || h.Can.Generation() != "G6" {
			t.Errorf("after it was recognised: %v", h.Err)
		}
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}); !errors.Is(err, mds.ErrAgentTooOld) {
			t.Errorf("clients: %v, want ErrAgentTooOld", err)
		}
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}); err != nil {
			t.Errorf("echo: %v", err)
		}
	})
}

// An old MDS is passed over: the next one is asked, with and without TryNext, and a
// change runs once.
func TestOldAgentIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G1, fakemds.G9})
		if _, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}); err != nil {
			t.Error(err)
		}
		if _, ok := cluster.Volume(volumePath); ok || cluster.Executed("volume/delete") != 1 {
			t.Error("the volume was not deleted, or twice")
		}
		wantProbesAlone(t, cluster.Node(0))
		if breaker := c.Breaker(c.Addrs()[0]); breaker != mds.BreakerClosed {
			t.Errorf("the breaker of an agent that answers is %s", breaker)
		}
	})
}

// Many calls that begin together cost one small request per MDS, for as long as a
// connection to it is open.
func TestRecognitionCostsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9, fakemds.G9})
		for range 10 {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		}
		for i, s := range c.Stats().MDS {
			if got := cluster.Node(i).Probes(); got > 1 || s.Recognitions != uint64(got) {
				t.Errorf("%v: %d probes, %d in Stats; want one at most", s.Addr, got, s.Recognitions)
			}
		}
	})
}

// What keeps an agent from being recognised keeps the command from being sent, and
// leaves no doubt.
func TestUnrecognisedGetsNoCommand(t *testing.T) {
	for name, fault := range map[string]fakemds.Fault{
		"hang": fakemds.Hang, "reset": fakemds.Reset, "hang up": fakemds.HangUp, "503": fakemds.Status(503), "403": fakemds.Status(403), "302": fakemds.Status(302),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
				cluster.Node(0).Inject(fault)
				_, err := mds.Call(t.Context(), c, zbs.CloneVolume{Path: snapPath, DstVolume: "v"})
				if err == nil || errors.Is(err, mds.ErrAmbiguous) || errors.Is(err, mds.ErrAgentTooOld) || !strings.Contains(err.Error(), "not recognised: ") {
					t.Errorf("%v, want an error that proves that nothing ran", err)
				}
				cluster.Node(0).Clear()
				if cluster.Executed("") != 0 || cluster.Asked("volume/clone")[0] != 0 {
					t.Error("something was sent")
				}
			})
		})
	}
}

// A change is not hedged. Yet an MDS that hangs before it is recognised costs it the
// most of a hedge delay, because nothing of it was sent.
func TestHungRecognitionCostsAHedgeDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9})
		cluster.Node(0).Inject(fakemds.Hang)
		var trace mds.Trace
		began := time.Now()
		_, err := mds.Call(t.Context(), c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}, mds.Record(&trace))
		if took := time.Since(began); err != nil || took < mds.DefaultMostHedgeDelay || took > mds.DefaultMostHedgeDelay+100*time.Millisecond {
			t.Errorf("took %v, %v; want about %v", took, err, mds.DefaultMostHedgeDelay)
		}
		if len(trace.Attempts) != 1 || len(trace.Skipped) != 1 || trace.Skipped[0].Reason != mds.BehindForBreaker {
			t.Errorf("trace %+v", trace)
		}
	})
}

// A read is hedged as ever, while its first MDS hangs before it is recognised.
func TestReadsAreHedgedWhileAnMDSIsNotRecognised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9}, mds.WithRetryBudget(30, 0))
		cluster.Node(0).Inject(fakemds.Hang)
		for range 3 {
			var wg sync.WaitGroup
			for range 20 { // of which one asks, and the others wait for what it learns
				wg.Go(func() {
					began := time.Now()
					_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.TryNext())
					if took := time.Since(began); err != nil || took > 60*time.Millisecond {
						t.Errorf("took %v, %v", took, err)
					}
				})
			}
			wg.Wait()
		}
		if budget := c.Stats().Budget; budget != 30 {
			t.Errorf("%v extra attempts are left: nothing was sent to the first MDS", budget)
		}
	})
}

// When all MDS are slow, the one that was put off is asked again, with all the time
// of an attempt.
func TestSlowRecognitionIsWaitedForInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, _ := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9, fakemds.G9})
		cluster.Node(2).Inject(fakemds.Refuse)
		c := newCaller(t, cluster, mds.WithDialContext(func(ctx context.Context, network, addr string) (net.Conn, error) {
			select {
			case <-time.After(time.Second):
				return cluster.DialContext(ctx, network, addr)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}))
		if _, err := mds.Call(t.Context(), c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}); err != nil {
			t.Error(err)
		}
		if n := cluster.Executed("volume/expand"); n != 1 {
			t.Errorf("ran %d times", n)
		}
	})
}

// An agent that is replaced while it answers nothing is recognised anew, also when
// the new one is older: it is sent nothing.
func TestReplacedAgentIsRecognisedAnew(t *testing.T) {
	for name, notice := range map[string]func(*testing.T, *mds.Caller){
		"after a call that it refused": func(t *testing.T, c *mds.Caller) {
			if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}); err == nil {
				t.Error("it answers while it is down")
			}
		},
		"after a minute of silence": func(*testing.T, *mds.Caller) { time.Sleep(61 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
				query := over(t, c, zbs.QueryVolume{Path: cbdPath})
				if err := query(); err != nil {
					t.Fatal(err)
				}
				node := cluster.Node(0)
				node.Stop()
				notice(t, c)
				node.SetGeneration(fakemds.G6)
				if err := node.Start(); err != nil {
					t.Fatal(err)
				}
				node.ResetLedger()
				if err := over(t, c, zbs.DeleteVolume{Path: cbdPath})(); !errors.Is(err, mds.ErrAgentTooOld) {
					t.Errorf("%v, want ErrAgentTooOld", err)
				}
				wantProbesAlone(t, node)
				if err := node.Upgrade(fakemds.G10); err != nil {
					t.Fatal(err)
				}
				time.Sleep(61 * time.Second)
				if err := query(); err != nil {
					t.Errorf("after its upgrade: %v", err)
				}
			})
		})
	}
}

// A known path that is gone is learned, and so is one that has come.
func TestEndpointsThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		usage := over(t, c, zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}})
		check := over(t, c, zbs.GetVhostHealth{HostIP: "10.0.0.9"})
		if err := usage(); err != nil {
			t.Fatal(err)
		}
		if err := check(); !errors.Is(err, mds.ErrUnsupported) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("health on G9: %v, want ErrUnsupported", err)
		}
		cluster.Node(0).SetGeneration(fakemds.G7)
		for range 2 {
			if err := usage(); !errors.Is(err, mds.ErrUnsupported) || errors.Is(err, mds.ErrAgentTooOld) {
				t.Errorf("usage on G7: %v, want ErrUnsupported", err)
			}
		}
		if n := cluster.Executed("resource/usage"); n != 1 {
			t.Errorf("usage ran %d times", n)
		}
		cluster.Node(0).SetGeneration(fakemds.G10)
		for range 5 { // it answers all the time: nothing shows the upgrade but the time that passes
			over(t, c, zbs.QueryVolume{Path: cbdPath})()
			time.Sleep(20 * time.Second)
		}
		if err := check(); err != nil {
			t.Errorf("health on G10: %v", err)
		}
	})
}

// A password reaches an agent that needs it, and no other.
func TestPasswordsGoWhereTheyAreNeeded(t *testing.T) {
	create := zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "vol", Bdev: "b"}
	bare := create
	bare.Host = zbs.HostAccess{IP: aHost.IP}
	for g, want := range map[fakemds.Generation]struct {
		bdev, bare, deploy error
		sent               bool // the password, to a bdev command
	}{
		fakemds.G7:  {zbs.ErrUnsupported, zbs.ErrUnsupported, zbs.ErrUnsupported, false},
		fakemds.G8:  {nil, zbs.ErrHostAccess, nil, true},
		fakemds.G9:  {nil, nil, nil, false},
		fakemds.G10: {nil, nil, zbs.ErrUnsupported, false},
	} {
		t.Run(g.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{g})
				for what, row := range map[string]struct {
					call func(...mds.CallOption) error
					want error
				}{
					"bdev": {over(t, c, create), want.bdev}, "bdev by address": {over(t, c, bare), want.bare},
					"pointer": {over(t, c, &create), want.bdev}, "deploy": {over(t, c, zbs.DeployVhost{Host: aHost}), want.deploy},
				} {
					if err := row.call(); !errors.Is(err, row.want) {
						t.Errorf("%s: %v, want %v", what, err, row.want)
					}
				}
				sent := false
				for _, q := range cluster.Requests() {
					if has := strings.Contains(string(q.Body), "S3cret"); has && !q.Executed {
						t.Errorf("the password went to %s, which did not execute it", q.Path)
					} else if has && q.Endpoint == "vhost/bdev/create" {
						sent = true
					}
				}
				if sent != want.sent {
					t.Errorf("password sent %t, want %t", sent, want.sent)
				}
				for _, harm := range cluster.Harm() {
					t.Errorf("harm: %+v", harm)
				}
			})
		})
	}
}

// What an agent needed before its upgrade is not sent to it afterwards.
func TestPasswordIsNotSentOnOldKnowledge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G8})
		create := zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "vol", Bdev: "b"}
		for _, g := range []fakemds.Generation{fakemds.G8, fakemds.G9} {
			cluster.Node(0).SetGeneration(g)
			cluster.Node(0).ResetLedger()
			if err := over(t, c, create)(); err != nil {
				t.Errorf("%v: %v", g, err)
			}
		}
		for _, q := range cluster.Requests() {
			if strings.Contains(string(q.Body), "S3cret") {
				t.Errorf("the password went to %s of a G9", q.Path)
			}
		}
	})
}

// Capacity is understood by those that want one pool and by those that want a list.
func TestCapacityInBothDialects(t *testing.T) {
	for _, g := range []fakemds.Generation{fakemds.G7, fakemds.G7e, fakemds.G8, fakemds.G9, fakemds.G10} {
		synctest.Test(t, func(t *testing.T) {
			_, c := strangers(t, []fakemds.Generation{g})
			for _, command := range []zbs.GetCapacity{{}, {LogicalPools: []string{"lp"}}} {
				if capacity, err := mds.Call(t.Context(), c, command); err != nil || len(capacity.Pools) != 1 {
					t.Errorf("%v: %+v, %v", g, capacity, err)
				}
			}
			if _, err := mds.Call(t.Context(), c, zbs.GetCapacity{LogicalPools: []string{"nope"}}); !isAgentError(err) {
				t.Errorf("%v: an unknown pool: %v", g, err)
			}
		})
	}
}

// A copy into another pool goes to an agent that heeds the pool.
func TestCopyIntoAnotherPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G7e, fakemds.G8, fakemds.G9})
		cluster.AddPool("lp2", "pp")
		cluster.AddSnapshot(volumePath + "@snap")
		copyTo := zbs.CopySnapshot{Path: snapPath, DstVolume: "v", DstPool: "lp2"}
		if _, err := mds.Call(t.Context(), c, copyTo); err != nil {
			t.Error(err)
		}
		if _, ok := cluster.Volume("zbs://lp2/v"); !ok || cluster.ExecutedBy("copy")[2] != 1 {
			t.Errorf("copied by %v", cluster.ExecutedBy("copy"))
		}
		if _, err := mds.Call(t.Context(), c, copyTo, mds.Target(c.Addrs()[0])); !errors.Is(err, mds.ErrUnsupported) {
			t.Errorf("G7e: %v, want ErrUnsupported", err)
		}
		copyTo.DstPool, copyTo.DstVolume = "lp", "w"
		if _, err := mds.Call(t.Context(), c, copyTo, mds.Target(c.Addrs()[0])); err != nil {
			t.Errorf("into its own pool: %v", err)
		}
	})
}

// Recognise needs no more than a handful of requests, and none when it knows.
func TestRecogniseNamesTheGeneration(t *testing.T) {
	for _, g := range fakemds.AllGenerations() {
		synctest.Test(t, func(t *testing.T) {
			cluster, c := strangers(t, []fakemds.Generation{g})
			want := g.String()
			if g == fakemds.G3 || g == fakemds.G4 || g == fakemds.G5 {
				want = "G3 to G5"
			}
			for range 2 {
				can, err := mds.Recognise(t.Context(), c, c.Addrs()[0])
				if err != nil || can.Generation() != want || c.Capabilities(c.Addrs()[0]) != can {
					t.Errorf("%v is recognised as %s, %v", g, can.Generation(), err)
				}
			}
			if n := cluster.Node(0).Probes(); n > 5 || n != len(cluster.Requests()) {
				t.Errorf("%v: %d probes of %d requests", g, n, len(cluster.Requests()))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		if _, err := mds.Recognise(t.Context(), c, zbs.Addr{Host: "elsewhere"}); !errors.Is(err, mds.ErrNoCandidates) {
			t.Errorf("an MDS that is not in the list: %v", err)
		}
		cluster.Node(0).Inject(fakemds.Refuse)
		if _, err := mds.Recognise(t.Context(), c, c.Addrs()[0], mds.Timeout(time.Second)); !errors.Is(err, mds.ErrAllFailed) {
			t.Errorf("one that is down: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := mds.Recognise(ctx, c, c.Addrs()[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
	})
}

// What is not sent tells nothing of an MDS: its breaker stays as it is.
func TestUnfitTellsNothingOfTheMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G8}, mds.WithAttemptTimeout(time.Second), mds.WithBreaker(3, time.Hour))
		bdev := over(t, c, zbs.CreateBdev{Host: zbs.HostAccess{IP: aHost.IP}, LogicalPool: "lp", Volume: "vol", Bdev: "b"})
		if err := bdev(); !errors.Is(err, zbs.ErrHostAccess) {
			t.Fatalf("%v, want ErrHostAccess", err)
		}
		cluster.Node(0).Inject(fakemds.Hang.On("volume/query"))
		for range 3 {
			over(t, c, zbs.QueryVolume{Path: cbdPath})()
		}
		if err := bdev(); !errors.Is(err, zbs.ErrHostAccess) || c.Breaker(c.Addrs()[0]) != mds.BreakerOpen {
			t.Errorf("%v, and the breaker is %s", err, c.Breaker(c.Addrs()[0]))
		}
	})
}

// A 404 for what an agent had, or for what every agent has, makes it a stranger.
func TestUnexpected404IsRecognisedAnew(t *testing.T) {
	for name, call := range map[string]func(*testing.T, *mds.Caller) error{
		"what it had": func(t *testing.T, c *mds.Caller) error {
			return over(t, c, zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}})()
		},
		"what all have": func(t *testing.T, c *mds.Caller) error {
			return over(t, c, zbs.SyncMetadata{AgentVersion: "5.5.0"})()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
				mds.Recognised(c)
				cluster.Node(0).SetGeneration(fakemds.G6)
				if err := call(t, c); !errors.Is(err, mds.ErrUnsupported) {
					t.Errorf("%v, want ErrUnsupported", err)
				}
				if err := over(t, c, zbs.DeleteVolume{Path: cbdPath})(); !errors.Is(err, mds.ErrAgentTooOld) || cluster.Executed("") != 0 {
					t.Errorf("%v, want ErrAgentTooOld; %d commands ran", err, cluster.Executed(""))
				}
			})
		})
	}
}

// SendOnlyWhile holds for the recognition, too: it ends the call there.
func TestWithheldRecognitionEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9})
		asked, stale := 0, errors.New("stale")
		valid := func() error {
			if asked++; asked > 1 {
				return stale
			}
			return nil
		}
		_, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, mds.TryNext(), mds.SendOnlyWhile(valid))
		walk, _ := errors.AsType[*mds.CallError](err)
		if walk == nil || walk.Stop != stale || len(walk.Attempts) != 1 || walk.Attempts[0].Phase != mds.PhaseWithheld || len(cluster.Requests()) != 0 {
			t.Errorf("%v; %d requests", err, len(cluster.Requests()))
		}
	})
}

// A dry run shows what an agent that is known would get.
func TestDryRunIsSuited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := strangers(t, []fakemds.Generation{fakemds.G9})
		var request mds.Request
		create := over(t, c, zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "vol", Bdev: "b"})
		for _, known := range []bool{false, true} {
			if known {
				mds.Recognised(c)
			}
			if err := create(mds.DryRun(&request)); !errors.Is(err, mds.ErrDryRun) {
				t.Fatal(err)
			}
			if has := strings.Contains(string(request.Body), "sshPassword"); has == known || strings.Contains(string(request.Body), "S3cret") {
				t.Errorf("known %t: %s", known, request.Body)
			}
		}
	})
}
