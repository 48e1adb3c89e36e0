package fakemds_test

import (
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds"
)

// state is what the storage and the agent looked like for the recordings whose
// names begin with one of the prefixes. All that fit are applied in order.
type state struct {
	names   []string
	prepare func(*fakemds.Cluster)
}

// volume returns a step that makes lp2/name as bare as create makes it.
func volume(name string, clients ...string) func(*fakemds.Cluster) {
	return func(c *fakemds.Cluster) {
		c.AddVolume("zbs://lp2/"+name, clients...)
		c.UpdateVolume("zbs://lp2/"+name, func(v *fakemds.VolumeState) { v.ActualSize = 0 })
	}
}

// change returns a step that changes lp2/name.
func change(name string, f func(*fakemds.VolumeState)) func(*fakemds.Cluster) {
	return func(c *fakemds.Cluster) { c.UpdateVolume("zbs://lp2/"+name, f) }
}

// snapshots returns a step that gives lp2/name snapshots; a leading '!' marks a
// protected one.
func snapshots(name string, list ...string) func(*fakemds.Cluster) {
	return change(name, func(v *fakemds.VolumeState) {
		for _, s := range list {
			plain := strings.TrimPrefix(s, "!")
			v.Snapshots = append(v.Snapshots, fakemds.SnapshotState{Name: plain, Size: v.Size, Protected: plain != s})
		}
	})
}

func used(v *fakemds.VolumeState) { v.ActualSize = 1 << 30 }

func on(prepare func(*fakemds.Cluster), names ...string) state { return state{names, prepare} }

func node(f func(*fakemds.Node)) func(*fakemds.Cluster) {
	return func(c *fakemds.Cluster) { f(c.Node(0)) }
}

var states = []state{
	on(func(c *fakemds.Cluster) {
		c.AddPool("lp1", "pp1")
		c.AddPool("lp2", "pp2")
		c.AddPool("lp10", "pp10")
	}, ""),
	// volumes
	on(volume("v1"), "create/existing", "query/", "batch/", "snap-", "clone/", "flatten/", "copy/", "rollback/", "expand/", "delete/", "cbdtonbd/", "v540/"),
	on(change("v1", used), "query/", "batch/", "flatten/", "v540/"),
	on(volume("c1"), "query/clone", "batch/ok", "flatten/clone"),
	on(change("c1", func(v *fakemds.VolumeState) { v.Parent = "lp2/v1@s1" }), "query/clone", "flatten/clone"),
	on(volume("w1"), "snap-create/SUBSTRING"),
	on(volume("fresh"), "snap-create/missing-snapshot-field-no-snaps-yet"),
	on(volume("nosnap"), "clone/volume-without-snapshots"),
	on(volume("v2"), "delete/list-snapshot-error", "delete/second-colon"),
	on(volume("v3"), "delete/extra-segment"),
	on(volume("cp1"), "copy/dst-exists"),
	on(volume("precious"), "copy/dst-exists-with-threadContext-api"),
	on(func(c *fakemds.Cluster) { c.AddVolume("zbs://lp10/samename") }, "copy/other-pool"),
	// snapshots
	on(snapshots("v1", "s1"), "snap-create/existing", "snap-create/missing-snapshot-field", "snap-create/path-is-a-snapshot",
		"clone/ok", "clone/nonexistent", "clone/path", "copy/", "rollback/", "snap-delete/", "delete/ok", "delete/SNAPSHOT", "v540/snap-create"),
	on(snapshots("v1", "s2"), "snap-delete/zbs-refuses"),
	on(snapshots("v1", "!s10", "s1"), "clone/SUBSTRING", "cbdtonbd/snapshot-SUBSTRING"),
	on(snapshots("w1", "snap10"), "snap-create/SUBSTRING"),
	// clients
	on(volume("busy", "10.0.0.5:9001", "10.0.0.6:9002"), "clients/"),
	on(volume("idle"), "clients/"),
	on(volume("busy", "10.0.0.5:9001"), "restart/"),
	on(func(c *fakemds.Cluster) { c.AddVolume("cbd:pp1/lp1/busy", "10.0.0.5:9001") }, "clients/BEFORE", "clients/AFTER"),
	// agents
	on(node((*fakemds.Node).Unsync), "clients/BEFORE", "ping/BEFORE", "ping/old-cluster-version", "ping/after-failed-sync", "ping/after-sync-without"),
	on(node((*fakemds.Node).Restart), "restart/clients-after", "restart/ping-after"),
	on(node(func(n *fakemds.Node) { n.SetOldStorage(true) }), "clients/AFTER-sync-but-old-zbs", "ping/after-sync-old-zbs", "metadata-sync/old-zbs"),
	on(node(func(n *fakemds.Node) { n.Legacy540(true) }), "v540/"),
}

func prepare(c *fakemds.Cluster, name string) {
	for _, s := range states {
		if slices.ContainsFunc(s.names, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			s.prepare(c)
		}
	}
}
