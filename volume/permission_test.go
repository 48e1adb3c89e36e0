package volume_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

var ports = zbs.PortRange{First: 10600, Last: 10800}

// harmful are the changes that a guard stands in front of.
var harmful = map[string]func(context.Context, *volume.Service, volume.Release) error{
	"volume/delete": func(ctx context.Context, s *volume.Service, r volume.Release) error {
		return second(s.Delete(ctx, volume.DeleteRequest{Path: idle, Release: r}))
	},
	"snapshot/rollback": func(ctx context.Context, s *volume.Service, r volume.Release) error {
		return second(s.Rollback(ctx, volume.RollbackRequest{Path: idleOld, Release: r}))
	},
	"volume/cbdtonbd": func(ctx context.Context, s *volume.Service, r volume.Release) error {
		return second(s.ExportNBD(ctx, volume.ExportRequest{Path: idle, Ports: ports, Release: r}))
	},
}

// The row of the table of what the guard got wrong.
func TestVerdictsGoStale(t *testing.T) {
	t.Run("Delete: the first MDS hangs 180 s, then the second is asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &fakeGuard{}
			cluster, service := startWith(t, 2, g)
			first := firstAsked(t, cluster, service)
			cluster.Node(first).Inject(fakemds.Hang.On("volume/delete"))
			time.AfterFunc(time.Minute, func() { cluster.Open(idle.String(), "10.0.0.6") })
			err := second(service.Delete(t.Context(), volume.DeleteRequest{Path: idle}))
			if n := cluster.Asked("volume/delete")[1-first]; n != 0 {
				t.Errorf("the second MDS was asked %d times, 2 minutes after 10.0.0.6 opened the volume", n)
			}
			if _, there := cluster.Volume(idle.String()); !there || g.checked() != 2 {
				t.Errorf("the volume is there: %t, after %d checks; want it kept after 2", there, g.checked())
			}
			// The first MDS got the request, and nobody knows what it does with it.
			if !errors.Is(err, mds.ErrAmbiguous) && !errors.Is(err, volume.ErrNotDone) || errors.Is(err, volume.ErrInUse) {
				t.Errorf("%v, want that it may have run; ErrInUse says that nothing was changed", err)
			}
		})
	})
	t.Run("with a real guard", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster, service := startProved(t, 3)
			first := firstAsked(t, cluster, service)
			cluster.Node(first).Inject(fakemds.Hang.On("volume/delete"))
			time.AfterFunc(time.Minute, func() { cluster.Open(idle.String(), "10.0.0.6") })
			err := second(service.Delete(t.Context(), volume.DeleteRequest{Path: idle}))
			if n := mdstest.Asked(cluster, "volume/delete"); n != 1 || !strings.Contains(err.Error(), "10.0.0.6") {
				t.Errorf("%d MDS were asked: %v; want one, and who opened it", n, err)
			}
		})
	})
}

// A verdict that has expired is renewed, and the change goes on where no request
// was sent.
func TestRenewedVerdict(t *testing.T) {
	for on, change := range harmful {
		t.Run(on+", the first MDS hangs", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGuard{}
				cluster, service := startWith(t, 2, g)
				first := firstAsked(t, cluster, service)
				cluster.Node(first).Inject(fakemds.Hang.On(on))
				err := change(t.Context(), service, volume.Release{})
				repeatable := on == "volume/delete"
				if (err == nil) != repeatable || !repeatable && !errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrAmbiguous of what must not run twice", err)
				}
				if want := map[bool]int{true: 2, false: 1}[repeatable]; g.checked() != want || mdstest.Asked(cluster, on) != want {
					t.Errorf("%d checks and %d requests, want %d", g.checked(), mdstest.Asked(cluster, on), want)
				}
			})
		})
		t.Run(on+", the first MDS cannot be reached", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGuard{}
				cluster, service := startWith(t, 2, g)
				first := firstAsked(t, cluster, service)
				g.onCheck = func(n int) {
					if n == 1 {
						cluster.Node(first).Inject(fakemds.Blackhole)
						time.Sleep(11 * time.Second) // connections that are idle are closed
					}
				}
				if err := change(t.Context(), service, volume.Release{}); err != nil {
					t.Error(err)
				}
				if n := cluster.Executed(on); g.checked() != 1 || n != 1 {
					t.Errorf("%d checks, executed %d times; want one, for the recognition of the first costs a hedge delay", g.checked(), n)
				}
			})
		})
		t.Run(on+", in use by then", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGuard{}
				dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
					if g.checked() == 1 {
						time.Sleep(20 * time.Second)
						g.cluster.Open(idle.String(), "10.0.0.6")
					}
					return g.cluster.DialContext(ctx, network, addr)
				}
				cluster, service := startWith(t, 2, g, mds.WithDialContext(dial))
				g.onCheck = func(int) { time.Sleep(11 * time.Second) }
				if err := change(t.Context(), service, volume.Release{}); !errors.Is(err, volume.ErrInUse) || errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrInUse", err)
				}
				if n := mdstest.Asked(cluster, on); n != 0 || g.checked() != 2 {
					t.Errorf("%d requests after %d checks", n, g.checked())
				}
			})
		})
		t.Run(on+", expired at once", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGuard{validFor: time.Second, takes: 2 * time.Second}
				cluster, service := startWith(t, 3, g)
				err := change(t.Context(), service, volume.Release{})
				if !errors.Is(err, volume.ErrUndetermined) || !errors.Is(err, guard.ErrReportExpired) || errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want ErrUndetermined and ErrReportExpired", err)
				}
				if n := mdstest.Asked(cluster, on); n != 0 || g.checked() != 4 {
					t.Errorf("%d requests after %d checks, want none after 4", n, g.checked())
				}
			})
		})
	}
}

// The checks of a long wait do not count against those after an expired verdict.
func TestRenewedAfterALongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGuard{}
		cluster, service := startWith(t, 2, g)
		first := firstAsked(t, cluster, service)
		cluster.Node(first).Inject(fakemds.Hang.On("volume/delete"))
		cluster.Open(idle.String(), "10.0.0.6")
		time.AfterFunc(time.Minute, func() { cluster.CloseClient(idle.String(), "10.0.0.6") })
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle, Release: volume.Release{Wait: time.Hour}}); err != nil {
			t.Errorf("%v after %d checks, want it deleted by the second MDS", err, g.checked())
		}
	})
}

// The attempts of all calls together decide what is known of a change.
func TestAttemptsOfAllCallsDecide(t *testing.T) {
	for name, row := range map[string]struct {
		first, second fakemds.Fault
		want          error
		deleted       bool
	}{
		"the first has run":                {fakemds.HangAfter, fakemds.Hang, nil, true},
		"the first may run yet":            {fakemds.Slow(time.Hour), fakemds.StorageError("rpc timeout"), mds.ErrAmbiguous, false},
		"neither has run":                  {fakemds.Hang.Times(1), fakemds.Reset, volume.ErrNotDone, false},
		"the first hangs, the second says": {fakemds.Slow(time.Hour), fakemds.AgentError("no leader"), mds.ErrAmbiguous, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &fakeGuard{}
				cluster, service := startWith(t, 2, g)
				first := firstAsked(t, cluster, service)
				cluster.Node(first).Inject(row.first.On("volume/delete"))
				cluster.Node(1 - first).Inject(row.second.On("volume/delete"))
				err := second(service.Delete(t.Context(), volume.DeleteRequest{Path: idle}))
				if !errors.Is(err, row.want) || row.want == volume.ErrNotDone && errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if _, there := cluster.Volume(idle.String()); there == row.deleted || g.checked() != 2 {
					t.Errorf("the volume is there: %t, after %d checks", there, g.checked())
				}
			})
		})
	}
}

// "Service.Rollback / Delete with a zero Release", without a guard.
func TestNoGuard(t *testing.T) {
	for on, change := range harmful {
		t.Run(on, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := fakemds.NewCluster(t, 1)
				addIdle(cluster)
				service := volume.NewService(mdstest.Caller(t, cluster))
				if err := change(t.Context(), service, volume.Release{}); !errors.Is(err, volume.ErrNoGuard) || !strings.Contains(err.Error(), idle.String()) {
					t.Errorf("%v, want ErrNoGuard that names the volume", err)
				}
				if n := len(cluster.Requests()); n != 0 {
					t.Errorf("%d requests were sent", n)
				}
				if err := change(t.Context(), service, volume.Release{Force: true}); err != nil || cluster.Executed(on) != 1 {
					t.Errorf("forced: %v, executed %d times", err, cluster.Executed(on))
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // the data of a snapshot does not change
		cluster := fakemds.NewCluster(t, 1)
		addIdle(cluster)
		service := volume.NewService(mdstest.Caller(t, cluster))
		if _, err := service.ExportNBD(t.Context(), volume.ExportRequest{Path: idleOld, Ports: ports}); err != nil {
			t.Errorf("export of a snapshot: %v", err)
		}
	})
}

func TestForce(t *testing.T) {
	for on, change := range harmful {
		synctest.Test(t, func(t *testing.T) {
			g := &fakeGuard{}
			cluster, service := startWith(t, 1, g)
			if err := change(t.Context(), service, volume.Release{Force: true}); err != nil || g.checked() != 0 || cluster.Executed(on) != 1 {
				t.Errorf("%s: %v after %d checks", on, err, g.checked())
			}
		})
	}
}

// Every check gets the options of the Service and of the Release; a bad one is a
// mistake, and no doubt about the volume.
func TestOptionsOfChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeGuard{}
		cluster, _ := startWith(t, 3, g)
		cluster.AddVolume(heartbeat, "10.0.0.5")
		caller := mdstest.Caller(t, cluster)
		service := volume.NewService(caller, volume.WithGuard(g, guard.AllowHost("10.0.0.7")))
		release := volume.Release{Options: []guard.CheckOption{guard.AllowHost("10.0.0.5")}}
		if _, err := service.Rollback(t.Context(), volume.RollbackRequest{Path: idleOld, Release: release}); err != nil || g.options != 2 {
			t.Errorf("%v with %d options, want 2", err, g.options)
		}
		service = volume.NewService(caller, volume.WithGuard(realGuard(t, cluster, caller)))
		export := volume.ExportRequest{Path: path, Ports: ports, Release: release}
		if _, err := service.ExportNBD(t.Context(), export); err != nil {
			t.Errorf("the host that has it open is allowed: %v", err)
		}
		export.Release = volume.Release{Wait: time.Hour, Options: []guard.CheckOption{guard.AllowHost("host-a")}}
		began := time.Now()
		_, err := service.ExportNBD(t.Context(), export)
		if !errors.Is(err, mds.ErrInvalidOption) || errors.Is(err, volume.ErrUndetermined) || !strings.Contains(err.Error(), "host-a") || time.Since(began) > time.Minute {
			t.Errorf("after %v: %v, want ErrInvalidOption alone, at once", time.Since(began), err)
		}
	})
}

// checkFunc is a Guard made of a function.
type checkFunc func(context.Context, zbs.Path) (guard.Report, error)

func (f checkFunc) Check(ctx context.Context, path zbs.Path, _ ...guard.CheckOption) (guard.Report, error) {
	return f(ctx, path)
}

// A Guard that gives no error must say Free.
func TestGuardWithoutVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1)
		addIdle(cluster)
		silent := checkFunc(func(context.Context, zbs.Path) (guard.Report, error) {
			return guard.Report{ObservedAt: time.Now(), ValidFor: time.Hour}, nil
		})
		service := volume.NewService(mdstest.Caller(t, cluster), volume.WithGuard(silent))
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle}); !errors.Is(err, volume.ErrUndetermined) {
			t.Errorf("%v, want ErrUndetermined", err)
		}
		unchanged(t, cluster)
	})
}
