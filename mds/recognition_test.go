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

// An MDS that is recognised slowly is put off once, also when those behind it are
// worse: then it has all the time of an attempt.
func TestSlowRecognitionIsPutOffOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, _ := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9})
		cluster.Node(1).Inject(fakemds.Refuse)
		dials := 0
		c := newCaller(t, cluster, mds.WithBreaker(1, time.Hour), mds.WithDialContext(func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "mds-0") {
				dials++
				select {
				case <-time.After(300 * time.Millisecond):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			return cluster.DialContext(ctx, network, addr)
		}))
		mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(c.Addrs()[1])) // opens its breaker
		began := time.Now()
		_, err := mds.Call(t.Context(), c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}, mds.Timeout(2*time.Second))
		if took := time.Since(began); err != nil || took > time.Second || dials != 2 {
			t.Errorf("took %v and %d dials: %v", took, dials, err)
		}
	})
}

// A recognition that hangs is made anew over another connection, so that a long
// attempt keeps nothing from an agent that is well again.
func TestHungRecognitionIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		cluster.Node(0).Inject(fakemds.Hang)
		var long sync.WaitGroup
		long.Go(func() {
			if err := over(t, c, zbs.DeployClient{Host: aHost})(mds.Timeout(10 * time.Minute)); err != nil {
				t.Errorf("the long attempt: %v", err)
			}
		})
		time.Sleep(time.Second)
		cluster.Node(0).Clear()
		began := time.Now()
		if err := over(t, c, zbs.QueryVolume{Path: cbdPath})(); err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		long.Wait()
	})
}

// A command with a password that waits for its turn while the agent is upgraded is
// not sent on what the agent was before.
func TestPasswordsThatWaitAreNotSentToAnUpgradedAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G8}, mds.WithParallel(1))
		cluster.Node(0).Inject(fakemds.Slow(30 * time.Second).On("vhost/deploy").Times(1))
		var calls sync.WaitGroup
		deploy := over(t, c, zbs.DeployVhost{Host: aHost})
		calls.Go(func() { deploy(mds.Timeout(40 * time.Second)) })
		time.Sleep(time.Second)
		calls.Go(func() { deploy(mds.Timeout(5 * time.Minute)) })
		calls.Go(func() {
			over(t, c, zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "vol", Bdev: "b"})(mds.Timeout(5 * time.Minute))
		})
		time.Sleep(time.Second)
		if err := cluster.Node(0).Upgrade(fakemds.G10); err != nil {
			t.Fatal(err)
		}
		calls.Wait()
		for _, harm := range cluster.Harm() {
			t.Errorf("harm: %+v", harm)
		}
	})
}

// An agent that is replaced by an older one is noticed also when no call was made
// while it was down: all connections to it were gone.
func TestReplacedAgentIsNoticedByItsConnections(t *testing.T) {
	for name, idle := range map[string]time.Duration{"with a connection open": 0, "after it was closed": 15 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
				if err := over(t, c, zbs.QueryVolume{Path: cbdPath})(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(idle)
				for _, g := range []fakemds.Generation{fakemds.G6, fakemds.G1, fakemds.G7e} {
					if err := cluster.Node(0).Upgrade(g); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					cluster.Node(0).ResetLedger()
					for what, call := range map[string]func(...mds.CallOption) error{
						"delete": over(t, c, zbs.DeleteVolume{Path: cbdPath}), "facts": over(t, c, zbs.GetFacts{}),
						"deploy": over(t, c, zbs.DeployClient{Host: aHost}),
					} {
						if err := call(); (g == fakemds.G7e) != (err == nil) || err != nil && !errors.Is(err, mds.ErrAgentTooOld) {
							t.Errorf("%s on %v: %v", what, g, err)
						}
					}
					if g != fakemds.G7e {
						wantProbesAlone(t, cluster.Node(0))
					}
				}
			})
		})
	}
}

// A read that met a dead connection is repeated, and the agent behind the new
// connection is recognised before.
func TestRepeatedReadIsRecognisedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		facts := over(t, c, zbs.GetFacts{})
		if err := facts(); err != nil {
			t.Fatal(err)
		}
		cluster.Node(0).Inject(fakemds.HangUp.On("facts").Times(1)) // as a connection that was closed meanwhile
		before := cluster.Node(0).Probes()
		if err := facts(); err != nil || cluster.Node(0).Probes() != before+1 {
			t.Errorf("%v, after %d recognitions", err, cluster.Node(0).Probes()-before)
		}
	})
}

// Drained asks an agent for facts only if it is known to read them.
func TestDrainedAsksNoStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		cluster.Node(0).Inject(fakemds.HangAfter.On("volume/flatten").Times(1))
		_, err := mds.Call(t.Context(), c, zbs.FlattenVolume{Path: cbdPath}, mds.Timeout(time.Second))
		failed, ok := errors.AsType[*mds.CallError](err)
		if !ok || !failed.MayHaveRun() {
			t.Fatal(err)
		}
		if err := cluster.Node(0).Upgrade(fakemds.G1); err != nil {
			t.Fatal(err)
		}
		cluster.Node(0).ResetLedger()
		if failed.Drained(t.Context(), c) {
			t.Error("an agent that is too old proves nothing")
		}
		wantProbesAlone(t, cluster.Node(0))
	})
}

// Waiting for our own connections, or for another attempt to recognise the agent, is
// no fault of the MDS.
func TestBusyWhileUnrecognisedIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9})
		cluster.Node(0).Inject(fakemds.Slow(20 * time.Second).On("volume/clients"))
		first, second := c.Addrs()[0], c.Addrs()[1]
		var calls sync.WaitGroup
		for range mds.DefaultConnections {
			calls.Go(func() {
				over(t, c, zbs.GetVolumeClients{Path: cbdPath})(mds.Target(first), mds.Timeout(time.Minute))
			})
		}
		time.Sleep(time.Second)
		for range 8 {
			calls.Go(func() {
				over(t, c, zbs.FlattenVolume{Path: cbdPath})(mds.Target(first), mds.Timeout(5*time.Second))
			})
			calls.Go(func() {
				over(t, c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}})(mds.Except(second), mds.Timeout(5*time.Second))
			})
		}
		time.Sleep(10 * time.Second)
		if state := c.Breaker(first); state != mds.BreakerClosed {
			t.Errorf("the breaker is %s", state)
		}
		calls.Wait()
	})
}

// A server that switches protocols never ends its body: nothing of it is read.
func TestSwitchingProtocolsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() {
			buffer := make([]byte, 4096)
			server.Read(buffer)
			server.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"))
		}()
		c, err := mds.New([]string{"mds-a"}, mds.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return client, nil }))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		began := time.Now()
		_, err = mds.Call(t.Context(), c, zbs.Echo{}, mds.Timeout(time.Second))
		if status, ok := errors.AsType[*mds.StatusError](err); !ok || status.Status != 101 || time.Since(began) > time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		server.Close()
	})
}

// A Caller that is closed asks no agent anything.
func TestClosedCallerRecognisesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9})
		c.Close()
		if _, err := mds.Recognise(t.Context(), c, c.Addrs()[0]); !errors.Is(err, mds.ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
		if addrs := mds.Supporting(t.Context(), c, zbs.EndpointSnapshotQuery); len(addrs) != 0 || len(cluster.Requests()) != 0 {
			t.Errorf("%v, %d requests", addrs, len(cluster.Requests()))
		}
	})
}
