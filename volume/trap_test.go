package volume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// The tests of this file are named after the traps of the wire: see
// docs/traps.md. Each fails without the protection it is about.

// startAny is startIdle with a Service that takes every snapshot name.
func startAny(t *testing.T, n int) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n, fakemds.KeepHeartbeatOpen())
	cluster.AddPool("lp1", "pp1")
	cluster.AddPool("lp10", "pp10")
	cluster.AddVolume(idle.String())
	return cluster, volume.NewService(mdstest.Caller(t, cluster), volume.AnySnapshotName(), volume.WithGuard(&fakeGuard{cluster: cluster}))
}

// An agent that was never synced lists nobody, whatever the truth.
func TestTrap01_EmptyClientListIsNoProof(t *testing.T) {
	for name, lie := range map[string]func(*fakemds.Node){
		"never synced": (*fakemds.Node).Unsync,
		"restarted":    func(n *fakemds.Node) { n.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startProved(t, 3)
				for i := range 3 {
					lie(cluster.Node(i))
				}
				_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path})
				if !errors.Is(err, volume.ErrUndetermined) {
					t.Errorf("%v, want ErrUndetermined", err)
				}
				unchanged(t, cluster)
			})
		})
	}
}

// Whoever is not synced does not count; whoever sees a client does.
func TestTrap02_MissingAgentVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		cluster.Node(0).Unsync()
		cluster.Node(1).Unsync()
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path}); !errors.Is(err, volume.ErrInUse) {
			t.Errorf("one synced MDS sees the client: %v, want ErrInUse", err)
		}
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle}); !errors.Is(err, volume.ErrUndetermined) {
			t.Errorf("one of three says nobody: %v, want ErrUndetermined", err)
		}
		unchanged(t, cluster)
	})
}

// A new leader of the storage knows no client until they have registered again,
// and all MDS ask it.
func TestTrap03_NewLeaderKnowsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		for _, back := range []time.Duration{time.Second, 5 * time.Second, 12 * time.Second} {
			cluster.LeaderSwitch(back)
			_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path})
			if !errors.Is(err, volume.ErrInUse) && !errors.Is(err, volume.ErrUndetermined) {
				t.Errorf("clients are back after %v: %v, want ErrInUse or ErrUndetermined", back, err)
			}
			time.Sleep(time.Minute)
		}
		unchanged(t, cluster)
	})
}

// metadata/sync makes ZStack redeploy an MDS: nothing of the library sends it.
func TestTrap04_MetadataSyncIsNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 3)
		for i := range 3 {
			cluster.Node(i).Unsync()
		}
		everything(t.Context(), service)
		if n := mdstest.Asked(cluster, "metadata/sync"); n != 0 {
			t.Errorf("metadata/sync was sent %d times", n)
		}
	})
}

// everything calls every operation once, whatever comes of it.
func everything(ctx context.Context, s *volume.Service) (errs []error) {
	host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: planted}
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	force := volume.Release{Force: true}
	note(second(s.Pools(ctx)))
	note(second(s.Query(ctx, idle)))
	note(second(s.QueryAll(ctx, []zbs.Path{idle, path})))
	note(second(s.Clients(ctx, idle)))
	note(second(s.Create(ctx, volume.CreateRequest{Path: fresh, Size: 1 << 30})))
	note(second(s.Expand(ctx, volume.ExpandRequest{Path: fresh, Size: 2 << 30})))
	note(second(s.CreateSnapshot(ctx, volume.SnapshotRequest{Path: idleOld, SkipIfExisting: true})))
	note(second(s.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: zbs.Path{Pool: "lp1", Volume: "clone"}})))
	note(second(s.Flatten(ctx, zbs.Path{Pool: "lp1", Volume: "clone"}, mds.Timeout(time.Minute))))
	note(second(s.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: zbs.Path{Pool: "lp10", Volume: "copy"}}, mds.Timeout(time.Minute))))
	note(second(s.Rollback(ctx, volume.RollbackRequest{Path: idleOld, Release: force})))
	note(s.DeleteSnapshot(ctx, idleOld))
	note(second(s.Delete(ctx, volume.DeleteRequest{Path: idle})))
	note(second(s.Delete(ctx, volume.DeleteRequest{Path: fresh, Release: force})))
	export, err := s.ExportNBD(ctx, volume.ExportRequest{Path: path, Ports: zbs.PortRange{First: 10600, Last: 10800}, Release: force})
	note(err)
	note(s.UnexportNBD(ctx, export.MDS, 10600))
	note(s.DeployClient(ctx, zbs.DeployClient{Host: host}))
	note(s.DeployVhost(ctx, zbs.DeployVhost{Host: host}))
	note(second(s.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "vol", Bdev: "disk0"})))
	note(s.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: "disk0"}))
	note(s.DestroyVhost(ctx, zbs.DestroyVhost{Host: host}))
	note(second(s.ResourceUsage(ctx, export.MDS)))
	return errs
}

// Names reach a root shell: what is no name is not sent.
func TestTrap05_NamesReachNoShell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startAny(t, 1)
		ctx := t.Context()
		for _, bad := range []string{"v;reboot", "$(reboot)", "`id`", "a b", "a\nb", "-rf", ".", "..", "", "a/b", "a'b", strings.Repeat("a", 300)} {
			v := zbs.Path{Pool: "lp1", Volume: bad}
			pool := zbs.Path{Pool: bad, Volume: "v"}
			snap := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: bad}
			host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "pw"}
			badHost := host
			badHost.IP = bad
			badUser := host
			badUser.Username = bad
			for what, err := range map[string]error{
				"create":          second(service.Create(ctx, volume.CreateRequest{Path: v, Size: 1})),
				"create in pool":  second(service.Create(ctx, volume.CreateRequest{Path: pool, Size: 1})),
				"delete":          second(service.Delete(ctx, volume.DeleteRequest{Path: v})),
				"expand":          second(service.Expand(ctx, volume.ExpandRequest{Path: v, Size: 1})),
				"flatten":         second(service.Flatten(ctx, v)),
				"query":           second(service.Query(ctx, v)),
				"snapshot":        second(service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: snap})),
				"delete snapshot": service.DeleteSnapshot(ctx, snap),
				"rollback":        second(service.Rollback(ctx, volume.RollbackRequest{Path: snap})),
				"clone to":        second(service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: v})),
				"copy to":         second(service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: v})),
				"copy to pool":    second(service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: pool})),
				"export":          second(service.ExportNBD(ctx, volume.ExportRequest{Path: v, Ports: zbs.PortRange{First: 1, Last: 2}})),
				"deploy":          service.DeployClient(ctx, zbs.DeployClient{Host: badHost}),
				"deploy as":       service.DeployVhost(ctx, zbs.DeployVhost{Host: badUser}),
				"bdev":            second(service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "idle", Bdev: bad})),
				"delete bdev":     service.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: bad}),
				"usage":           second(service.ResourceUsage(ctx, zbs.Addr{Host: "mds-0.fake"}, bad)),
			} {
				if !errors.Is(err, zbs.ErrInvalidPath) && !errors.Is(err, zbs.ErrInvalidName) && !errors.Is(err, zbs.ErrInvalidCommand) {
					t.Errorf("%s %q: %v, want it refused", what, bad, err)
				}
			}
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent, the first %+v", n, cluster.Requests()[0].Endpoint)
		}
	})
}

// Given a snapshot, agents delete, expand or roll back the volume.
func TestTrap06_WrongKindOfPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		ctx := t.Context()
		for what, err := range map[string]error{
			"delete of a snapshot":         second(service.Delete(ctx, volume.DeleteRequest{Path: idleOld})),
			"expand of a snapshot":         second(service.Expand(ctx, volume.ExpandRequest{Path: idleOld, Size: 20 << 30})),
			"flatten of a snapshot":        second(service.Flatten(ctx, idleOld)),
			"query of a snapshot":          second(service.Query(ctx, idleOld)),
			"clients of a snapshot":        second(service.Clients(ctx, idleOld)),
			"create of a snapshot":         second(service.Create(ctx, volume.CreateRequest{Path: idleOld, Size: 1 << 30})),
			"snapshot without a name":      second(service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: idle})),
			"deleted snapshot with none":   service.DeleteSnapshot(ctx, idle),
			"rollback to a volume":         second(service.Rollback(ctx, volume.RollbackRequest{Path: idle})),
			"clone of a volume":            second(service.Clone(ctx, volume.CloneRequest{Snapshot: idle, Volume: fresh})),
			"copy of a volume":             second(service.Copy(ctx, volume.CloneRequest{Snapshot: idle, Volume: fresh})),
			"clone to a snapshot":          second(service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: idleOld})),
			"delete with a suffix":         second(service.Delete(ctx, volume.DeleteRequest{Path: zbs.Path{Pool: "lp1", Volume: "idle:x"}})),
			"delete with a fourth segment": second(service.Delete(ctx, volume.DeleteRequest{Path: zbs.Path{Pool: "lp1", Volume: "idle/x"}})),
		} {
			if !errors.Is(err, zbs.ErrInvalidPath) {
				t.Errorf("%s: %v, want ErrInvalidPath", what, err)
			}
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// Agents take snap1 for existing when snap10 is.
func TestTrap07_SnapshotNameSubstring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startAny(t, 1)
		cluster.AddSnapshot(idle.String() + "@snap10")
		snap1 := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: "snap1"}
		for _, existed := range []bool{false, true} {
			got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: snap1, SkipIfExisting: true})
			if err != nil || got.Existed != existed {
				t.Errorf("%+v, %v; want existed %v", got, err, existed)
			}
		}
		if v, _ := cluster.Volume(idle.String()); !hasSnapshot(&v, "snap1") {
			t.Errorf("snapshots %v, want snap1 among them", v.Snapshots)
		}
		// A clone checks the protection of the wrong one, an export takes it:
		// without AnySnapshotName names of other lengths are refused.
		strict := volume.NewService(mdstest.Caller(t, cluster))
		for what, err := range map[string]error{
			"create": second(strict.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: snap1})),
			"clone":  second(strict.Clone(t.Context(), volume.CloneRequest{Snapshot: snap1, Volume: fresh})),
			"copy":   second(strict.Copy(t.Context(), volume.CloneRequest{Snapshot: snap1, Volume: fresh})),
			"export": second(strict.ExportNBD(t.Context(), volume.ExportRequest{Path: snap1, Ports: zbs.PortRange{First: 1, Last: 2}})),
		} {
			if !errors.Is(err, zbs.ErrInvalidName) || !strings.Contains(err.Error(), "32") {
				t.Errorf("%s: %v, want ErrInvalidName that says why", what, err)
			}
		}
	})
}

// Agents resolve pool lp1 to the physical pool of lp10, and say so in answers.
func TestTrap07_PoolNameSubstring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		if info, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1 << 30}); err != nil || info.Path != fresh {
			t.Errorf("%+v, %v; want it made, although the answer names pp10", info, err)
		}
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh}); err != nil {
			t.Error(err)
		}
		for _, q := range cluster.Requests() {
			if q.Endpoint == "volume/delete" && !bytes.Contains(q.Body, []byte(`"cbd:pp1/lp1/fresh"`)) {
				t.Errorf("request %s, want the exact physical pool", q.Body)
			}
		}
	})
}

// A delete whose first look fails claims success and deletes nothing.
func TestTrap08_FalseSuccessOfDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		for i := range 2 {
			cluster.Node(i).Inject(fakemds.StorageError("rpc timeout").On("volume/delete"))
		}
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
		if !errors.Is(err, volume.ErrNotDone) {
			t.Errorf("%v, want ErrNotDone", err)
		}
	})
}

// When nobody can look after the agent's success, it is not believed.
func TestTrap08_SuccessThatNobodyCanCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(time.Minute).On("volume/delete"))
		go func() {
			time.Sleep(time.Minute - time.Second)
			cluster.Node(0).Inject(fakemds.StorageError("rpc timeout").On("volume/query"))
		}()
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
		if !errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want ErrAmbiguous", err)
		}
	})
}

// The delete of a volume in use takes 153 s and its snapshots with it.
func TestTrap09_DeleteOfBusyVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		cluster.AddSnapshot(path.String() + "@" + snapID)
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path}); !errors.Is(err, volume.ErrInUse) {
			t.Errorf("%v, want ErrInUse", err)
		}
		unchanged(t, cluster)
		// Whoever insists gets the agent's own answer, which is late, once.
		began := time.Now()
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path, Release: volume.Release{Force: true}})
		if _, refused := errors.AsType[*zbs.AgentError](err); !refused || errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want the agent's refusal", err)
		}
		if took := time.Since(began); took < 150*time.Second || took > volume.DeleteTimeout {
			t.Errorf("took %v, want the agent's 153 s", took)
		}
	})
}

// With a thread context, a copy that fails deletes a volume of the same name.
func TestTrap10_CopyDeletesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		precious := zbs.Path{Pool: "lp1", Volume: "precious"}
		cluster.AddVolume(precious.String())
		_, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: precious})
		if !errors.Is(err, volume.ErrExists) {
			t.Errorf("%v, want ErrExists", err)
		}
		unchanged(t, cluster)
		if _, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: zbs.Path{Pool: "lp10", Volume: "precious"}}); err != nil {
			t.Errorf("to another pool: %v", err)
		}
		for _, q := range cluster.Requests() {
			if bytes.Contains(bytes.ToLower(q.Body), []byte("context")) {
				t.Errorf("%s was sent %s", q.Endpoint, q.Body)
			}
		}
		if _, ok := cluster.Volume(precious.String()); !ok {
			t.Error("the precious volume is gone")
		}
	})
}

// An agent has ten threads, and a silent connection holds one for 15 s.
func TestTrap11_FewConnectionsAndNoneSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				v := zbs.Path{Pool: "lp1", Volume: fmt.Sprintf("v%d", i)}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Millisecond)
				defer cancel()
				service.Create(ctx, volume.CreateRequest{Path: v, Size: 1 << 30})
				service.Delete(t.Context(), volume.DeleteRequest{Path: v})
			})
		}
		wg.Wait()
		for i := range 2 {
			if _, most := cluster.Node(i).OpenConns(); most > mds.DefaultConnections {
				t.Errorf("node %d had %d connections", i, most)
			}
			for _, c := range cluster.Node(i).Conns() {
				if c.Silent > time.Second {
					t.Errorf("a connection to node %d was silent for %v", i, c.Silent)
				}
			}
		}
	})
}

// A hanging storage means no answer, ever: every operation has a bound of its
// own, save those that take as long as the data.
func TestTrap12_HangingStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		for i := range 2 {
			cluster.Node(i).Inject(fakemds.HangAfter)
		}
		began := time.Now()
		if errs := everything(t.Context(), service); len(errs) < 20 {
			t.Errorf("only %d operations failed", len(errs))
		}
		if took := time.Since(began); took > 2*time.Hour {
			t.Errorf("took %v", took)
		}
	})
}

// planted stands for every password: .ci/run looks for it in all that the tests
// print.
const planted = "planted-Secr3t'$\"pw"

// Agents write passwords into their logs; they go nowhere else.
func TestTrap13_PasswordsStayOut(t *testing.T) {
	for name, faults := range map[string][]fakemds.Fault{
		"nothing wrong": {fakemds.CallbackTwice},
		"refused":       {fakemds.AgentError("sshpass -p '" + strings.ReplaceAll(planted, "'", `'\''`) + "' ssh root@10.0.0.9: Permission denied")},
		"reset":         {fakemds.ResetAfter, fakemds.CallbackLost},
		"broken":        {fakemds.AgentBroken},
		"garbage":       {fakemds.Garbage},
		"503":           {fakemds.StatusAfter(503), fakemds.CallbackLost},
		"hang":          {fakemds.HangAfter},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := fakemds.NewCluster(t, 2, fakemds.KeepHeartbeatOpen())
				cluster.AddPool("lp10", "pp10")
				cluster.AddVolume(path.String(), "10.0.0.5")
				cluster.AddVolume(idle.String())
				cluster.AddVolume(heartbeat, "10.0.0.5")
				for i := range 2 {
					for _, fault := range faults {
						cluster.Node(i).Inject(fault.On("client/deploy", "vhost/deploy", "vhost/destroy", "vhost/bdev/create", "vhost/bdev/delete"))
					}
				}
				var seen bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
				urls := make([]string, 2)
				for i, addr := range cluster.Addrs() {
					host, _, _ := strings.Cut(addr, ":")
					urls[i] = "root:" + planted + "@" + host
				}
				listener, err := cluster.Listen()
				if err != nil {
					t.Fatal(err)
				}
				caller, err := mds.New(urls, mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener), mds.WithLogger(logger))
				if err != nil {
					t.Fatal(err)
				}
				defer caller.Close()
				service := volume.NewService(caller, volume.WithGuard(realGuard(t, cluster, caller)))
				errs := everything(t.Context(), service)
				for _, err := range errs {
					fmt.Fprintf(&seen, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
					if walk, ok := errors.AsType[*mds.CallError](err); ok {
						fmt.Fprintf(&seen, "%+v\n%#v\n", walk, walk.Attempts)
					}
				}
				fmt.Fprintf(&seen, "%+v %#v %v\n", caller.Addrs(), caller.Addrs(), zbs.HostAccess{Password: planted})
				if name != "refused" { // the ledger names the fault, which holds it here
					recorder := httptest.NewRecorder()
					cluster.AdminHandler().ServeHTTP(recorder, httptest.NewRequest("GET", "/ledger", nil))
					seen.Write(recorder.Body.Bytes())
				}
				if name != "nothing wrong" && len(errs) < 5 {
					t.Errorf("only %d errors", len(errs))
				}
				if text := zbs.Secret(planted).Mask(seen.String()); text != seen.String() || strings.Contains(seen.String(), "Secr3t") {
					t.Errorf("the password was seen in:\n%s", text)
				}
				// It did reach the agents, or the test looked in vain.
				reached := false
				for _, q := range cluster.Requests() {
					reached = reached || q.Endpoint == "client/deploy" && bytes.Contains(q.Body, []byte("Secr3t"))
				}
				if !reached {
					t.Error("no agent got the password")
				}
			})
		})
	}
}

// One of the agents is of 5.4.0: it answers success to what it does not do.
func TestTrap14_MixedVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 3)
		cluster.Node(0).SetGeneration(fakemds.G6)
		cluster.Node(2).SetGeneration(fakemds.G6)
		if _, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1 << 30}); err != nil {
			t.Errorf("create: %v", err)
		}
		if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh, Release: volume.Release{Force: true}}); err != nil {
			t.Errorf("delete: %v", err)
		}
		for _, i := range []int{0, 2} {
			for _, q := range cluster.Node(i).Requests() {
				if strings.HasPrefix(q.Endpoint, "volume/") && q.Endpoint != "volume/clients" {
					t.Errorf("the old agent was sent %s", q.Endpoint)
				}
			}
		}
		cluster.Node(1).SetGeneration(fakemds.G6)
		cluster.Node(1).Inject(fakemds.Refuse.Times(1))
		old := volume.NewService(mdstest.Caller(t, cluster))
		if _, err := old.Query(t.Context(), idle); err == nil {
			t.Error("an old cluster was asked")
		}
	})
}
