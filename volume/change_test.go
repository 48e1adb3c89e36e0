package volume_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

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
				if n := mdstest.Asked(cluster, row.on); n != 1 {
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
				if n := mdstest.Asked(cluster, on); n != 1 {
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
