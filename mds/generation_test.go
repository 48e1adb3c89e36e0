package mds_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// An agent of 5.4.0 answers success to a delete of today and deletes nothing:
// with RefuseOld it never gets one.
func TestRefuseOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 2)
		cluster.Node(0).SetGeneration(fakemds.G6)
		opts := []mds.CallOption{mds.RefuseOld(), mds.TryNext()}
		if _, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, append(opts, mds.Target(c.Addrs()[0]))...); !errors.Is(err, mds.ErrOldAgent) || errors.Is(err, mds.ErrAmbiguous) {
			t.Errorf("%v, want ErrOldAgent", err)
		}
		cluster.CloseClient(volumePath, "10.0.0.5")
		for range 2 {
			if _, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, opts...); err != nil {
				t.Errorf("with one agent that is newer: %v", err)
			}
		}
		if got := cluster.Asked("volume/delete"); got[0] != 0 || got[1] != 2 {
			t.Errorf("deletes that reached the MDS: %v, want none at the old one", got)
		}
		if got := cluster.Asked("facts")[1]; got != 1 {
			t.Errorf("the newer one was asked for facts %d times, want once", got)
		}
		if _, ok := cluster.Volume(volumePath); ok {
			t.Error("the volume is still there")
		}
	})
}

// What keeps facts from being answered keeps the command from being sent.
func TestRefuseOldWithoutFacts(t *testing.T) {
	for name, fault := range map[string]fakemds.Fault{"hang": fakemds.Hang, "reset": fakemds.Reset, "503": fakemds.Status(503), "lost": fakemds.CallbackLost} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := start(t, 1)
				cluster.Node(0).Inject(fault.On("facts"))
				_, err := mds.Call(t.Context(), c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}, mds.RefuseOld())
				if err == nil || errors.Is(err, mds.ErrAmbiguous) || errors.Is(err, mds.ErrOldAgent) || !strings.Contains(err.Error(), "facts: ") {
					t.Errorf("%v, want an error about facts that proves nothing ran", err)
				}
				if n := cluster.Asked("volume/expand")[0]; n != 0 {
					t.Errorf("%d commands were sent", n)
				}
			})
		})
	}
	t.Run("a refusal is an answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster, c := start(t, 1)
			cluster.Node(0).Inject(fakemds.AgentError("no leader").On("facts"))
			if _, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: cbdPath}, mds.RefuseOld()); err != nil {
				t.Error(err)
			}
		})
	})
}

// Whatever is done with volumes, an agent of 5.4.0 is sent facts and no more.
func TestOldAgentIsSentFactsAlone(t *testing.T) {
	snap := cbdPath
	snap.Snapshot = "snap"
	host := zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "pw"}
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		cluster.Node(0).SetGeneration(fakemds.G6)
		send := func(what string, call func(opts ...mds.CallOption) error) {
			t.Helper()
			if err := call(mds.RefuseOld(), mds.TryNext()); !errors.Is(err, mds.ErrOldAgent) || errors.Is(err, mds.ErrAmbiguous) {
				t.Errorf("%s: %v, want ErrOldAgent", what, err)
			}
		}
		send("create", over(t, c, zbs.CreateVolume{LogicalPool: "lp", Volume: "v", Size: zbs.Size{Count: 1}}))
		send("delete", over(t, c, zbs.DeleteVolume{Path: cbdPath}))
		send("query", over(t, c, zbs.QueryVolume{Path: cbdPath}))
		send("clone", over(t, c, zbs.CloneVolume{Path: snap, DstVolume: "v"}))
		send("expand", over(t, c, zbs.ExpandVolume{Path: cbdPath, Size: zbs.Size{Count: 20}}))
		send("export", over(t, c, zbs.ExportNBD{Path: cbdPath, Ports: zbs.PortRange{First: 1, Last: 2}}))
		send("unexport", over(t, c, zbs.UnexportNBD{Port: 1}))
		send("snapshot", over(t, c, zbs.CreateSnapshot{Path: cbdPath, Snapshot: "snap"}))
		send("delete snapshot", over(t, c, zbs.DeleteSnapshot{Path: snap}))
		send("rollback", over(t, c, zbs.RollbackSnapshot{Path: snap}))
		send("copy", over(t, c, zbs.CopySnapshot{Path: snap, DstVolume: "v"}))
		send("deploy", over(t, c, zbs.DeployClient{Host: host}))
		for _, q := range cluster.Requests() {
			if !strings.HasSuffix(q.Path, "/facts") {
				t.Errorf("it was sent %s", q.Path)
			}
		}
	})
}

// over returns a call of the command.
func over[R any](t *testing.T, c *mds.Caller, command zbs.Command[R]) func(...mds.CallOption) error {
	return func(opts ...mds.CallOption) error {
		_, err := mds.Call(t.Context(), c, command, opts...)
		return err
	}
}
