package mds_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// behind returns of each MDS of the session its generation, with a * when another
// one is newer.
func behind(s *mds.Session) (all []string) {
	for _, status := range s.Status() {
		mark := ""
		if status.Behind {
			mark = "*"
		}
		all = append(all, status.Can.Generation()+mark)
	}
	return all
}

// During an upgrade, node by node, calls go on: each agent is spoken to as what it
// is, nothing is misread, and Status says which is behind.
func TestSessionDuringAnUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G8, fakemds.G6, fakemds.G8})
		s := connect(t, c)
		wantStates(t, s, mds.Connected, mds.Disconnected, mds.Connected)
		ended := make(chan struct{})
		var calls sync.WaitGroup
		calls.Go(func() { work(t, c, ended) })
		want := [][]string{
			{"G10", "G6*", "G8*"},
			{"G10", "G10", "G8*"},
			{"G10", "G10", "G10"},
		}
		for i, states := range want {
			node := cluster.Node(i)
			if err := node.Upgrade(fakemds.G10); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			node.Sync("5.6.0")
			time.Sleep(2 * time.Minute)
			if got := behind(s); !slices.Equal(got, states) {
				t.Errorf("after %d upgrades: %v, want %v", i+1, got, states)
			}
		}
		close(ended)
		calls.Wait()
		wantStates(t, s, mds.Connected, mds.Connected, mds.Connected)
		for _, harm := range cluster.Harm() {
			t.Errorf("harm: %+v", harm)
		}
		for _, q := range cluster.Requests() {
			if q.DidNothing {
				t.Errorf("%s of %s claimed success and did nothing", q.Path, q.Node)
			}
		}
	})
}

// work makes volumes and block devices, and removes them, until ended is closed.
func work(t *testing.T, c *mds.Caller, ended <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-ended:
			return
		case <-time.After(700 * time.Millisecond):
		}
		name := fmt.Sprintf("v%d", i)
		path := zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: name}}
		errs := []error{
			over(t, c, zbs.CreateVolume{LogicalPool: "lp", Volume: name, Size: zbs.Size{Count: 1}, SkipIfExisting: true})(mds.TryNext()),
			over(t, c, zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: name, Bdev: name})(mds.TryNext()),
			over(t, c, zbs.QueryVolume{Path: path})(mds.TryNext()),
			over(t, c, zbs.DeleteBdev{Host: aHost, Bdev: name})(mds.TryNext()),
			over(t, c, zbs.DeleteVolume{Path: path})(mds.TryNext()),
		}
		for k, err := range errs {
			// An agent that is restarted in the middle of a command leaves a doubt, and no more.
			if err != nil && !errors.Is(err, mds.ErrAmbiguous) {
				t.Errorf("step %d of round %d: %v", k, i, err)
			}
		}
	}
}

// An MDS that comes back is recognised anew, also when it broke no connection and
// answered other requests meanwhile.
func TestReconnectRecognisesAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := strangers(t, []fakemds.Generation{fakemds.G9, fakemds.G9})
		s := connect(t, c)
		cluster.Node(0).Inject(fakemds.AgentError("no leader").On("ping"))
		ended := make(chan struct{})
		var calls sync.WaitGroup
		calls.Go(func() { // each of its answers keeps what is known of the agent
			for ; ; time.Sleep(10 * time.Second) {
				select {
				case <-ended:
					return
				default:
					over(t, c, zbs.QueryVolume{Path: cbdPath})(mds.Target(c.Addrs()[0]))
				}
			}
		})
		time.Sleep(3 * time.Minute)
		wantStates(t, s, mds.Disconnected, mds.Connected)
		cluster.Node(0).SetGeneration(fakemds.G10)
		cluster.Node(0).Clear()
		time.Sleep(3 * time.Minute)
		wantStates(t, s, mds.Connected, mds.Connected)
		if got := behind(s); got[0] != "G10" || got[1] != "G9*" {
			t.Errorf("recognised as %v", got)
		}
		close(ended)
		calls.Wait()
	})
}
