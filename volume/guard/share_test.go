package guard_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// A hundred checks at once cost about what a few cost; cluster, server and pools
// are asked for once per Guard.
func TestGuardCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		many := func(n int) (requests int) {
			for i := range 3 {
				cluster.Node(i).ResetLedger()
			}
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					if report, err := g.Check(t.Context(), path); err != nil || report.Rounds != 2 {
						t.Errorf("%d rounds, %v", report.Rounds, err)
					}
				})
			}
			wg.Wait()
			return mdstest.Asked(cluster, "")
		}
		many(100)
		if f, c, s := mdstest.Asked(cluster, "facts"), mdstest.Asked(cluster, "capacity"), mdstest.Asked(cluster, "resource/usage"); f != 3 || c != 1 || s != 3 {
			t.Errorf("the first checks asked %d times for facts, %d for servers, %d for pools; want 3, 3 and 1", f, s, c)
		}
		one := many(1)
		// In each round a ping, the volume, whether it exists, and three hosts.
		if want := 2 * 3 * 6; one != want {
			t.Errorf("one check costs %d requests, want %d", one, want)
		}
		if hundred := many(100); hundred > 7*one { // questions that wait for their turn are not joined
			t.Errorf("a hundred checks cost %d requests, one %d", hundred, one)
		}
		wantConnections(t, cluster, 4)
	})
}

// A check that comes while the answers to an earlier one are under way does not
// take them.
func TestGuardTakesNoOlderAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		if _, err := g.Check(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(2 * time.Second).On("volume/clients"))
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 700 * time.Millisecond)
				report, err := g.Check(t.Context(), path, guard.WithTiming(guard.Timing{RoundInterval: 20 * time.Second, Span: 10 * time.Second}))
				if err != nil {
					t.Errorf("check %d: %v", i, err)
				}
				for _, r := range report.Evidence.Rounds {
					for _, o := range r.Observations {
						if o.Ping.Asked < 0 || o.Clients.Asked < o.Ping.Asked+o.Ping.Took {
							t.Errorf("check %d took a list asked %v after its round began, pinged at %v", i, o.Clients.Asked, o.Ping.Asked)
						}
					}
				}
			})
		}
		wg.Wait()
	})
	synctest.Test(t, func(t *testing.T) { // a host opens the volume between two checks
		cluster, g := guarded(t, 3)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(time.Second).On("volume/clients"))
		}
		var wg sync.WaitGroup
		wg.Go(func() { g.Check(t.Context(), path) })
		time.Sleep(1500 * time.Millisecond)
		cluster.Open(path.String(), "10.0.0.2:9001")
		if _, err := g.Check(t.Context(), path); !errors.Is(err, guard.ErrInUse) {
			t.Errorf("%v, want in use", err)
		}
		wg.Wait()
	})
}

// A check whose context ends leaves the others what they share.
func TestGuardImpatientCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		for i := range 3 {
			cluster.Node(i).Inject(fakemds.Slow(500 * time.Millisecond))
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			report, err := g.Check(impatient, path)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, guard.ErrUndetermined) {
				t.Errorf("the impatient: %d rounds, %v", report.Rounds, err)
			}
		})
		wg.Go(func() {
			if report, err := g.Check(t.Context(), path); err != nil {
				t.Errorf("the patient: %v: %v", report.Reasons, err)
			}
		})
		wg.Wait()
	})
}

// A foreign client that only a slow MDS shows, after its round has ended, makes
// InUse in the next round.
func TestGuardLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(path.String(), "10.0.0.2:9001")
		for i := range 2 {
			// All but MDS 2 do not show it: their lists are from before.
			cluster.CloseClient(path.String(), "10.0.0.2")
			cluster.Node(i).FreezeClients()
			cluster.Open(path.String(), "10.0.0.2:9001")
		}
		cluster.Node(2).Inject(fakemds.Slow(3 * time.Second).On("volume/clients"))
		began := time.Now()
		report, err := g.Check(t.Context(), path)
		if !errors.Is(err, guard.ErrInUse) || report.Rounds != 2 {
			t.Errorf("%v after %d rounds: %v", report.Verdict, report.Rounds, err)
		}
		if took := time.Since(began); took > interval+2*time.Second {
			t.Errorf("took %v", took)
		}
		late := false
		for _, o := range report.Evidence.Rounds[len(report.Evidence.Rounds)-1].Observations {
			late = late || o.Late && len(o.Clients.Clients) > 0
		}
		if !late {
			t.Error("the report does not say that the answer came late")
		}
	})
}

// source counts how often it is read, and fails when told to.
type source struct {
	hosts guard.Hosts
	read  atomic.Int64
	err   error
}

func (s *source) Hosts(context.Context) ([]guard.Host, error) {
	s.read.Add(1)
	return s.hosts, s.err
}

func TestHostSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newCluster(t, 3)
		s := &source{hosts: hosts()}
		g := guardOf(t, cluster, s)
		if _, err := g.Check(t.Context(), path); err != nil || s.read.Load() != 1 {
			t.Errorf("%v, the inventory was read %d times, want once", err, s.read.Load())
		}
		s.err = errors.New("database is down")
		report := wantUnknown(t, g, proof.InventoryUnknown)
		if len(report.Reasons) == 0 || report.Reasons[0].Detail != "database is down" {
			t.Errorf("reasons %v do not say why", report.Reasons)
		}
		if _, err := g.Check(t.Context(), path); !errors.Is(err, s.err) {
			t.Errorf("%v does not wrap the error of the source", err)
		}
		s.err, s.hosts = nil, nil
		wantUnknown(t, g, proof.NoInventory)
		wantUnknown(t, guardOf(t, cluster, nil), proof.NoInventory)
		s.hosts = append(hosts(), kvm(1))
		wantUnknown(t, g, proof.InventoryUnknown)
		s.hosts = hosts()
		s.read.Store(0)
		n := 0
		for _, err := range g.CheckAll(t.Context(), thousands(cluster, 50)) {
			if n++; err != nil {
				t.Error(err)
			}
		}
		if read := s.read.Load(); read >= 50 || read < 1 {
			t.Errorf("for 50 volumes the inventory was read %d times, want once per batch", read)
		}
	})
}

// An address that belongs to no host is foreign in the list of the volume, and
// else shows that the inventory lacks a host.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, g := guarded(t, 3)
		cluster.Open(disk(2).String(), "10.0.0.77:9000")
		wantUnknown(t, g, proof.InventoryIncomplete)
		cluster.CloseClient(disk(2).String(), "10.0.0.77")
		cluster.Open(path.String(), "10.0.0.77:9000")
		report, err := g.Check(t.Context(), path)
		if inUse, ok := errors.AsType[*guard.InUseError](err); !ok || inUse.Holders[0].Host != "10.0.0.77" {
			t.Errorf("%v: %v", report.Verdict, err)
		}
		_, err = g.Check(t.Context(), path, guard.AllowHost("10.0.0.77"))
		if !errors.Is(err, mds.ErrInvalidOption) || !errors.Is(err, guard.ErrUndetermined) {
			t.Errorf("a host that is in no inventory was allowed: %v", err)
		}
	})
}
