package volume_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

const (
	snapID  = "0123456789abcdef0123456789abcdef"
	otherID = "f123456789abcdef0123456789abcdef"
)

var (
	idle    = zbs.Path{Pool: "lp1", Volume: "idle"} // nobody has it open
	idleOld = zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: snapID}
	fresh   = zbs.Path{Pool: "lp1", Volume: "fresh"}
)

// startIdle is start with a volume of 10 GiB that nobody has open and that has
// a snapshot, and with a guard that sees what the storage knows.
func startIdle(t *testing.T, n int, opts ...mds.Option) (*fakemds.Cluster, *volume.Service) {
	t.Helper()
	return startWith(t, n, &fakeGuard{}, opts...)
}

// unchanged fails the test when anything but a read has reached the cluster.
func unchanged(t *testing.T, cluster *fakemds.Cluster) {
	t.Helper()
	for _, q := range cluster.Requests() {
		switch q.Endpoint {
		case "": // none that the agent has: nothing ran
		case "capacity", "facts", "ping", "resource/usage", "volume/query", "volume/clients", "snapshot/query":
		default:
			t.Errorf("%s was sent", q.Endpoint)
		}
	}
}

func TestCreate(t *testing.T) {
	for name, row := range map[string]struct {
		req   volume.CreateRequest
		want  volume.Info
		err   error
		made  int // volumes that the call made
		quiet bool
	}{
		"new":                      {req: volume.CreateRequest{Path: fresh, Size: 20 << 30}, want: volume.Info{Path: fresh, Size: 20 << 30}, made: 1},
		"rounded up to a MiB":      {req: volume.CreateRequest{Path: fresh, Size: 1<<30 + 1}, want: volume.Info{Path: fresh, Size: 1<<30 + 1<<20}, made: 1},
		"exists":                   {req: volume.CreateRequest{Path: idle, Size: 10 << 30}, err: volume.ErrExists, quiet: true},
		"exists, skipped":          {req: volume.CreateRequest{Path: idle, Size: 10 << 30, SkipIfExisting: true}, want: volume.Info{Path: idle, Size: 10 << 30}, quiet: true},
		"exists, of another size":  {req: volume.CreateRequest{Path: idle, Size: 11 << 30, SkipIfExisting: true}, err: volume.ErrSizeDiffers, quiet: true},
		"exists, rounded to a GiB": {req: volume.CreateRequest{Path: idle, Size: 10<<30 - 5, SkipIfExisting: true}, want: volume.Info{Path: idle, Size: 10 << 30}, quiet: true},
		"no such pool":             {req: volume.CreateRequest{Path: zbs.Path{Pool: "lp", Volume: "v"}, Size: 1}, err: volume.ErrNotFound, quiet: true},
		"a snapshot":               {req: volume.CreateRequest{Path: idleOld, Size: 1}, err: zbs.ErrInvalidPath, quiet: true},
		"no size":                  {req: volume.CreateRequest{Path: fresh}, err: zbs.ErrInvalidCommand, quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 2)
				before := len(cluster.Volumes())
				got, err := service.Create(t.Context(), row.req)
				if diff := cmp.Diff(row.want, got); diff != "" || !errors.Is(err, row.err) {
					t.Errorf("%v, want %v (-want +got):\n%s", err, row.err, diff)
				}
				if made := len(cluster.Volumes()) - before; made != row.made {
					t.Errorf("%d volumes were made, want %d", made, row.made)
				}
				if row.quiet {
					unchanged(t, cluster)
				}
			})
		})
	}
}

// A storage older than 1.6.1 counts in GiB: no byte may be lost.
func TestCreateOnOldStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, fakemds.ClusterID("11111111-2222-3333-4444-555555555555", "1.6.0-7"))
		cluster.AddPool("lp1", "pp1")
		service := volume.NewService(callerOf(t, cluster))
		info, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1<<30 + 1})
		if err != nil || info.Size != 2<<30 {
			t.Errorf("%+v, %v; want 2 GiB", info, err)
		}
	})
}

// What became of a change whose attempt may have run is found out.
func TestReadBack(t *testing.T) {
	create := func(ctx context.Context, s *volume.Service) error {
		_, err := s.Create(ctx, volume.CreateRequest{Path: fresh, Size: 1 << 30})
		return err
	}
	remove := func(ctx context.Context, s *volume.Service) error {
		_, err := s.Delete(ctx, volume.DeleteRequest{Path: idle})
		return err
	}
	expand := func(ctx context.Context, s *volume.Service) error {
		_, err := s.Expand(ctx, volume.ExpandRequest{Path: idle, Size: 20 << 30})
		return err
	}
	clone := func(ctx context.Context, s *volume.Service) error {
		_, err := s.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
		return err
	}
	slow := fakemds.Slow(time.Hour)
	for name, row := range map[string]struct {
		change func(context.Context, *volume.Service) error
		on     string
		fault  fakemds.Fault
		want   error
	}{
		"create, reply lost":          {create, "volume/create", fakemds.LoseReply, nil},
		"create, callback lost":       {create, "volume/create", fakemds.CallbackLost, nil},
		"create, never run":           {create, "volume/create", fakemds.Reset, volume.ErrNotDone},
		"create, may run yet":         {create, "volume/create", slow, mds.ErrAmbiguous},
		"delete, reply lost":          {remove, "volume/delete", fakemds.LoseReply, nil},
		"delete, callback lost":       {remove, "volume/delete", fakemds.CallbackLost, nil},
		"delete, never run":           {remove, "volume/delete", fakemds.Reset, volume.ErrNotDone},
		"delete, may run yet":         {remove, "volume/delete", slow, mds.ErrAmbiguous},
		"delete, the agent's refusal": {remove, "volume/delete", fakemds.AgentError("no leader"), &zbs.AgentError{}},
		"delete, success of nothing":  {remove, "volume/delete", fakemds.StorageError("rpc timeout"), volume.ErrNotDone},
		"expand, reply lost":          {expand, "volume/expand", fakemds.LoseReply, nil},
		"expand, garbage":             {expand, "volume/expand", fakemds.Garbage, nil},
		"expand, never run":           {expand, "volume/expand", fakemds.Status(503), volume.ErrNotDone},
		"expand, may run yet":         {expand, "volume/expand", slow, mds.ErrAmbiguous},
		"clone, reply lost":           {clone, "volume/clone", fakemds.LoseReply, nil},
		"clone, never run":            {clone, "volume/clone", fakemds.Reset, volume.ErrNotDone},
		"clone, may run yet":          {clone, "volume/clone", slow, mds.ErrAmbiguous},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 1)
				cluster.Node(0).Inject(row.fault.On(row.on))
				err := row.change(t.Context(), service)
				if _, refused := row.want.(*zbs.AgentError); refused {
					if _, ok := errors.AsType[*zbs.AgentError](err); !ok || errors.Is(err, mds.ErrAmbiguous) {
						t.Errorf("%v, want the agent's refusal", err)
					}
				} else if !errors.Is(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
				if errors.Is(row.want, volume.ErrNotDone) && errors.Is(err, mds.ErrAmbiguous) {
					t.Errorf("%v is not done and ambiguous", err)
				}
				if n := asked(cluster, row.on); n != 1 {
					t.Errorf("%s was sent %d times to the one MDS", row.on, n)
				}
			})
		})
	}
}

// What may have run is not sent to the next MDS when a second run would harm.
func TestChangesThatStop(t *testing.T) {
	for on, change := range map[string]func(context.Context, *volume.Service) error{
		"volume/create": func(ctx context.Context, s *volume.Service) error {
			_, err := s.Create(ctx, volume.CreateRequest{Path: fresh, Size: 1 << 30})
			return err
		},
		"volume/clone": func(ctx context.Context, s *volume.Service) error {
			_, err := s.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
			return err
		},
		"copy": func(ctx context.Context, s *volume.Service) error {
			_, err := s.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh}, mds.Timeout(time.Minute))
			return err
		},
		"snapshot/rollback": func(ctx context.Context, s *volume.Service) error {
			_, err := s.Rollback(ctx, volume.RollbackRequest{Path: idleOld, Release: volume.Release{Force: true}})
			return err
		},
		"volume/cbdtonbd": func(ctx context.Context, s *volume.Service) error {
			_, err := s.ExportNBD(ctx, volume.ExportRequest{Path: idle, Ports: zbs.PortRange{First: 10600, Last: 10800}})
			return err
		},
	} {
		t.Run(on, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				for i := range 3 {
					cluster.Node(i).Inject(fakemds.Hang.On(on))
				}
				if err := change(t.Context(), service); err == nil {
					t.Error("it succeeded on MDS that hang")
				}
				if n := asked(cluster, on); n != 1 {
					t.Errorf("sent %d times", n)
				}
			})
			synctest.Test(t, func(t *testing.T) { // provably not sent: the next one does it
				cluster, service := startIdle(t, 3)
				if _, err := service.Query(t.Context(), idle); err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					cluster.Node(i).Inject(fakemds.Refuse)
				}
				if err := change(t.Context(), service); err != nil {
					t.Error(err)
				}
				if n := cluster.Executed(on); n != 1 {
					t.Errorf("executed %d times", n)
				}
			})
		})
	}
}

func TestExpand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		for _, row := range []struct {
			size, want int64
			err        error
		}{
			{20 << 30, 20 << 30, nil},
			{20 << 30, 20 << 30, nil}, // as it is
			{20<<30 + 1, 20<<30 + 1<<20, nil},
			{5 << 30, 0, volume.ErrSizeDiffers},
			{-1, 0, zbs.ErrInvalidCommand},
		} {
			info, err := service.Expand(t.Context(), volume.ExpandRequest{Path: idle, Size: row.size})
			if info.Size != row.want || !errors.Is(err, row.err) {
				t.Errorf("to %d: %+v, %v; want %d, %v", row.size, info, err, row.want, row.err)
			}
		}
		if n := cluster.Executed("volume/expand"); n != 2 {
			t.Errorf("%d expands ran, want 2", n)
		}
		if _, err := service.Expand(t.Context(), volume.ExpandRequest{Path: fresh, Size: 1 << 30}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	})
}

// An agent may have expanded the volume although it answers an error.
func TestExpandThatHappenedInSpite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(2*time.Second).On("volume/expand"), fakemds.AgentError("timeout").On("volume/expand"))
		go func() {
			time.Sleep(time.Second)
			cluster.SetSize(idle.String(), 20<<30, 0)
		}()
		info, err := service.Expand(t.Context(), volume.ExpandRequest{Path: idle, Size: 20 << 30})
		if err != nil || info.Size != 20<<30 {
			t.Errorf("%+v, %v; want it done", info, err)
		}
	})
}

func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		for _, existed := range []bool{true, false} {
			got, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
			if err != nil || got.Existed != existed {
				t.Errorf("%+v, %v; want existed %v", got, err, existed)
			}
		}
		if n := cluster.Executed("volume/delete"); n != 1 {
			t.Errorf("%d deletes ran, want 1", n)
		}
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: path})
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok || !errors.Is(err, volume.ErrInUse) || len(inUse.Holders) != 1 || inUse.Holders[0].Host != "kvm-5" {
			t.Errorf("%v, want an InUseError that names kvm-5", err)
		}
		if n := cluster.Executed("volume/delete"); n != 1 {
			t.Error("a volume in use was sent to be deleted")
		}
	})
}

func TestReleaseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startProved(t, 3)
		cluster.AddSnapshot(path.String() + "@" + snapID)
		rollback := volume.RollbackRequest{
			Path:    zbs.Path{Pool: "lp1", Volume: "vol", Snapshot: snapID},
			Release: volume.Release{Wait: time.Minute, Poll: time.Second},
		}
		began := time.Now()
		_, err := service.Rollback(t.Context(), rollback)
		if !errors.Is(err, volume.ErrNotReleased) || !errors.Is(err, volume.ErrInUse) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v, want ErrNotReleased after 1m", err, time.Since(began))
		}
		unchanged(t, cluster)
		go func() {
			time.Sleep(10500 * time.Millisecond)
			cluster.CloseClient(path.String(), "10.0.0.5")
		}()
		began = time.Now()
		free := guard.DefaultRefresh + guard.DefaultLeaderRetry // between the rounds that prove it
		if _, err := service.Rollback(t.Context(), rollback); err != nil || time.Since(began) != 11*time.Second+free {
			t.Errorf("%v after %v, want success with the poll after the release", err, time.Since(began))
		}
		if v, _ := cluster.Volume(path.String()); v.Rollbacks != 1 {
			t.Errorf("%d rollbacks", v.Rollbacks)
		}
		// A wait that is shorter than the proof takes is no reason to fail.
		if _, err := service.Rollback(t.Context(), volume.RollbackRequest{Path: idleOld, Release: volume.Release{Wait: time.Second}}); err != nil {
			t.Errorf("of a volume that is free: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		cluster.Open(path.String(), "10.0.0.5")
		if _, err := service.Rollback(ctx, rollback); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, volume.ErrNotReleased) {
			t.Errorf("%v, want the caller's own deadline", err)
		}
	})
}

func TestForcedRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.AddSnapshot(path.String() + "@" + snapID)
		rollback := volume.RollbackRequest{Path: zbs.Path{Pool: "lp1", Volume: "vol", Snapshot: snapID}, Release: volume.Release{Force: true}}
		_, err := service.Rollback(t.Context(), rollback)
		if _, refused := errors.AsType[*zbs.AgentError](err); !refused || !strings.Contains(err.Error(), "kFileOccupied") {
			t.Errorf("forced on a volume that the storage knows to be open: %v, want its refusal", err)
		}
		cluster.CutOff("10.0.0.5", func(string, fakemds.ClientState) time.Duration { return 0 })
		if _, err := service.Rollback(t.Context(), rollback); err != nil {
			t.Errorf("forced under a writer that nothing lists: %v", err)
		}
	})
}

func TestCloneFlattenCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		ctx := t.Context()
		info, err := service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: fresh})
		if diff := cmp.Diff(volume.Info{Path: fresh, Size: 10 << 30, Parent: idleOld.String()}, info); diff != "" || err != nil {
			t.Errorf("clone: %v (-want +got):\n%s", err, diff)
		}
		for range 2 {
			info, err = service.Flatten(ctx, fresh)
			if err != nil || info.Parent != "" || info.Size != 10<<30 {
				t.Errorf("flatten: %+v, %v", info, err)
			}
		}
		if n := cluster.Executed("volume/flatten"); n != 1 {
			t.Errorf("%d flattens ran, want 1: the second had nothing to do", n)
		}
		copied := zbs.Path{Pool: "lp10", Volume: "copied"}
		info, err = service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: copied})
		if diff := cmp.Diff(volume.Info{Path: copied, Size: 10 << 30}, info); diff != "" || err != nil {
			t.Errorf("copy: %v (-want +got):\n%s", err, diff)
		}
		for why, row := range map[string]struct {
			req volume.CloneRequest
			err error
		}{
			"destination exists":       {volume.CloneRequest{Snapshot: idleOld, Volume: fresh}, volume.ErrExists},
			"no such volume":           {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "nope", Snapshot: snapID}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, volume.ErrNotFound},
			"no snapshot":              {volume.CloneRequest{Snapshot: idle, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, zbs.ErrInvalidPath},
			"destination a snapshot":   {volume.CloneRequest{Snapshot: idleOld, Volume: idleOld}, zbs.ErrInvalidPath},
			"destination's pool":       {volume.CloneRequest{Snapshot: zbs.Path{Pool: "nope", Volume: "v", Snapshot: snapID}, Volume: zbs.Path{Pool: "nope", Volume: "new"}}, volume.ErrNotFound},
			"a name that may be part":  {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: "snap1"}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, volume.ErrSnapshotName},
			"missing snapshot refused": {volume.CloneRequest{Snapshot: zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}, Volume: zbs.Path{Pool: "lp1", Volume: "new"}}, mds.ErrAllFailed},
		} {
			_, err := service.Clone(ctx, row.req)
			if row.err == mds.ErrAllFailed {
				if _, refused := errors.AsType[*zbs.AgentError](err); !refused {
					t.Errorf("%s: clone: %v, want the agent's refusal", why, err)
				}
				continue
			}
			if !errors.Is(err, row.err) {
				t.Errorf("%s: clone: %v, want %v", why, err, row.err)
			}
			if _, err := service.Copy(ctx, row.req); !errors.Is(err, row.err) {
				t.Errorf("%s: copy: %v, want %v", why, err, row.err)
			}
		}
		if _, err := service.Clone(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: copied}); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("a clone in another pool: %v", err)
		}
		if _, err := service.Flatten(ctx, zbs.Path{Pool: "lp1", Volume: "nope"}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("flatten of nothing: %v", err)
		}
	})
}

// A copy may take hours; ending the context ends the waiting, and says that the
// copy may go on.
func TestCopyIsUnbounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.Node(0).Inject(fakemds.Slow(30 * time.Hour).On("copy").Times(1))
		began := time.Now()
		if _, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: fresh}); err != nil || time.Since(began) != 30*time.Hour {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		cluster.Node(0).Inject(fakemds.Slow(30 * time.Hour).On("copy").Times(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := service.Copy(ctx, volume.CloneRequest{Snapshot: idleOld, Volume: zbs.Path{Pool: "lp1", Volume: "second"}})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want the caller's deadline and ErrAmbiguous", err)
		}
	})
}

// Of a copy that broke off nobody can tell whether its volume is whole.
func TestCopyOfUnknownEnd(t *testing.T) {
	for name, row := range map[string]struct {
		fault fakemds.Fault
		want  error
	}{
		"volume there":     {fakemds.CallbackLost, mds.ErrAmbiguous},
		"volume not there": {fakemds.Reset, volume.ErrNotDone},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 1)
				cluster.Node(0).Inject(row.fault.On("copy"))
				_, err := service.Copy(t.Context(), volume.CloneRequest{Snapshot: idleOld, Volume: fresh}, mds.Timeout(time.Minute))
				if !errors.Is(err, row.want) {
					t.Errorf("%v, want %v", err, row.want)
				}
			})
		})
	}
}

func TestSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 3)
		ctx := t.Context()
		made := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}
		got, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made})
		if diff := cmp.Diff(volume.Snapshot{Path: made, Size: 10 << 30}, got); diff != "" || err != nil {
			t.Errorf("create: %v (-want +got):\n%s", err, diff)
		}
		if _, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made}); !errors.Is(err, volume.ErrExists) {
			t.Errorf("again: %v, want ErrExists", err)
		}
		if got, err := service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: made, SkipIfExisting: true}); err != nil || !got.Existed {
			t.Errorf("again, skipped: %+v, %v", got, err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Snapshots) != 2 {
			t.Errorf("snapshots %v", v.Snapshots)
		}
		if err := service.DeleteSnapshot(ctx, made); err != nil {
			t.Errorf("delete: %v", err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Snapshots) != 1 {
			t.Errorf("snapshots %v", v.Snapshots)
		}
		nope := zbs.Path{Pool: "lp1", Volume: "nope", Snapshot: snapID}
		for what, err := range map[string]error{
			"create":   second(service.CreateSnapshot(ctx, volume.SnapshotRequest{Path: nope})),
			"delete":   service.DeleteSnapshot(ctx, nope),
			"rollback": second(service.Rollback(ctx, volume.RollbackRequest{Path: nope})),
		} {
			if !errors.Is(err, volume.ErrNotFound) || !strings.Contains(err.Error(), "zbs://lp1/nope") {
				t.Errorf("%s: %v, want ErrNotFound that names the volume", what, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A snapshot whose maker gave no answer is asked for again elsewhere: the
// storage refuses a name that exists.
func TestSnapshotOfUnknownEnd(t *testing.T) {
	made := zbs.Path{Pool: "lp1", Volume: "idle", Snapshot: otherID}
	for name, row := range map[string]struct {
		fault  fakemds.Fault
		nodes  int // that have the fault
		skip   bool
		before bool // the snapshot was there before
		want   error
		there  bool
	}{
		"never run":                {fakemds.Reset, 2, false, false, nil, true},
		"has run":                  {fakemds.CallbackLost, 2, true, false, nil, true},
		"has run, or was there":    {fakemds.CallbackLost, 2, false, false, mds.ErrAmbiguous, true},
		"was there":                {fakemds.Reset, 2, false, true, mds.ErrAmbiguous, true},
		"was there, skipped":       {fakemds.Reset, 2, true, true, nil, true},
		"nobody answers":           {fakemds.Hang, 3, true, false, mds.ErrAmbiguous, false},
		"nobody answers, executed": {fakemds.HangAfter, 3, true, false, mds.ErrAmbiguous, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, service := startIdle(t, 3)
				if row.before {
					cluster.AddSnapshot(made.String())
				}
				for i := range row.nodes {
					cluster.Node(i).Inject(row.fault.On("snapshot/create"))
				}
				got, err := service.CreateSnapshot(t.Context(), volume.SnapshotRequest{Path: made, SkipIfExisting: row.skip})
				hit := cluster.Asked("snapshot/create")
				if hit[0]+hit[1] == 0 { // the healthy one came first
					if err != nil && !row.before {
						t.Error(err)
					}
					return
				}
				if !errors.Is(err, row.want) {
					t.Errorf("%+v, %v; want %v", got, err, row.want)
				}
				v, _ := cluster.Volume(idle.String())
				if there := len(v.Snapshots) == 2; there != row.there {
					t.Errorf("the snapshot is there: %v, want %v", there, row.there)
				}
			})
		})
	}
}

func TestExports(t *testing.T) {
	for _, dashed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var options []fakemds.Option
			if dashed {
				options = append(options, fakemds.DashedPorts())
			}
			cluster := fakemds.NewCluster(t, 3, options...)
			cluster.AddVolume(idle.String())
			service := volume.NewService(callerOf(t, cluster), volume.WithGuard(&fakeGuard{cluster: cluster}))
			ports := zbs.PortRange{First: 10600, Last: 10800}
			export, err := service.ExportNBD(t.Context(), volume.ExportRequest{Path: idle, Ports: ports})
			if err != nil {
				t.Fatal(err)
			}
			exporting := func() (sum int) {
				for i := range 3 {
					n := len(cluster.Node(i).Exports())
					if n > 0 && cluster.Addrs()[i] != export.MDS.String() {
						t.Errorf("node %d exports, %v is said to", i, export.MDS)
					}
					sum += n
				}
				return sum
			}
			if n := exporting(); n != 1 || export.Port != 10600 {
				t.Errorf("%+v of %d exports", export, n)
			}
			if err := service.UnexportNBD(t.Context(), export.MDS, export.Port); err != nil || exporting() != 0 {
				t.Errorf("%v, %d exports are left", err, exporting())
			}
			stranger, _ := zbs.ParseAddr("elsewhere")
			if err := service.UnexportNBD(t.Context(), stranger, export.Port); !errors.Is(err, mds.ErrNoCandidates) {
				t.Errorf("%v, want ErrNoCandidates", err)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		ctx := t.Context()
		host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "hunter2"}
		bdev, err := service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "idle", Bdev: "disk0"})
		if err != nil || bdev.SocketPath == "" {
			t.Errorf("create bdev: %+v, %v", bdev, err)
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Clients) != 1 {
			t.Errorf("clients %v, want the host", v.Clients)
		}
		for what, err := range map[string]error{
			"delete bdev":   service.DeleteBdev(ctx, zbs.DeleteBdev{Host: host, Bdev: "disk0"}),
			"deploy client": service.DeployClient(ctx, zbs.DeployClient{Host: host}),
			"deploy vhost":  service.DeployVhost(ctx, zbs.DeployVhost{Host: host}),
			"destroy vhost": service.DestroyVhost(ctx, zbs.DestroyVhost{Host: host}),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if v, _ := cluster.Volume(idle.String()); len(v.Clients) != 0 {
			t.Errorf("clients %v", v.Clients)
		}
		if _, err := service.CreateBdev(ctx, zbs.CreateBdev{Host: host, LogicalPool: "lp1", Volume: "nope", Bdev: "d"}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("bdev of nothing: %v", err)
		}
		addr, _ := zbs.ParseAddr(cluster.Addrs()[1])
		usage, err := service.ResourceUsage(ctx, addr)
		if err != nil || len(usage.Usages) == 0 || cluster.Asked("resource/usage")[1] != 1 {
			t.Errorf("usage: %+v, %v", usage, err)
		}
	})
}

// An MDS claims a success that is none while another, asked before it, is still
// at work: it may happen yet.
func TestFalseSuccessWhileAnotherIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 2)
		first := firstAsked(t, cluster, service)
		cluster.Node(first).Inject(fakemds.Slow(time.Hour).On("volume/delete"))
		cluster.Node(1 - first).Inject(fakemds.StorageError("rpc timeout").On("volume/delete"))
		_, err := service.Delete(t.Context(), volume.DeleteRequest{Path: idle})
		if !errors.Is(err, mds.ErrAmbiguous) || errors.Is(err, volume.ErrNotDone) {
			t.Errorf("%v, want ErrAmbiguous", err)
		}
		time.Sleep(2 * time.Hour)
		if _, ok := cluster.Volume(idle.String()); ok {
			t.Error("the slow MDS did not delete it: the test shows nothing")
		}
	})
}

// firstAsked returns which MDS is asked first about the idle volume.
func firstAsked(t *testing.T, cluster *fakemds.Cluster, service *volume.Service) int {
	t.Helper()
	if _, err := service.Query(t.Context(), idle); err != nil {
		t.Fatal(err)
	}
	for i, n := range cluster.Asked("volume/query") {
		if n > 0 {
			return i
		}
	}
	return 0
}

// A success that cannot be looked at before the caller's time is over is none.
func TestSuccessThatIsNotLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := startIdle(t, 1)
		cluster.AddClone(idleOld.String(), "fresh")
		cluster.Node(0).Inject(fakemds.Slow(10 * time.Second).On("volume/flatten"))
		go func() {
			time.Sleep(9 * time.Second)
			cluster.Node(0).Inject(fakemds.Hang.On("volume/query"))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := service.Flatten(ctx, fresh); !errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want ErrAmbiguous", err)
		}
	})
}
