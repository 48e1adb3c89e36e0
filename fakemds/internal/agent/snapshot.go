package agent

import (
	"strconv"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// errNoSnapshotList is what becomes of a failed list of snapshots where the agent
// does not look whether it failed.
var errNoSnapshotList = python.Errorf("'NoneType' object has no attribute 'hasattr'")

// runSnapshotCreate compares names by substring: with skipOnExisting it answers
// success for "snap1" when only "snap10" exists, and makes nothing.
func runSnapshotCreate(c *call, s *storage.State) (python.Object, error) {
	given, name := c.get("snapshot"), c.str("snapshot")
	c.shell(given)
	if err := c.fillPhysical(s); err != nil {
		return nil, err
	}
	v, err := c.find(s, "ListSnapShot")
	if err != nil {
		return nil, errNoSnapshotList
	}
	found, err := c.agent.hasSnapshotLike(v, given)
	if err != nil {
		return nil, err
	}
	if found && c.truth("skipOnExisting") {
		c.idle = v.Snapshot(name) == nil // it saw another one
	} else {
		if err := v.CreateSnapshot(name); err != nil {
			return nil, wrap(err, "failed to create snapshot[%s@%s]", c.target.volume, name)
		}
		c.changedVolume()
		c.changed(name)
	}
	path := storage.Path(c.target.physical, c.target.logical, c.target.volume) + "@" + name
	return sizes(v.Size, 0).With("installPath", path), nil
}

func (a *Agent) hasSnapshotLike(v *storage.Volume, name any) (bool, error) {
	sn, err := a.snapshotLike(v, name)
	return sn != nil, err
}

// runSnapshotDelete answers success for a volume path, for a snapshot that does
// not exist and for one that the storage does not delete.
func runSnapshotDelete(c *call, s *storage.State) (python.Object, error) {
	t, name, failing := c.target, python.Str(c.target.snapshot), c.StorageError != nil
	v, err := s.Find("ListSnapShot", t.logical, t.volume)
	if err != nil {
		return nil, wrap(err, "cannot found snapshot for %s[%s]", c.traits.noun(), t.file())
	}
	cfg, clones := c.agent.cfg, s.HasClone(v, name)
	switch {
	case cfg.Honest && failing:
		return nil, c.StorageError
	case cfg.Honest && v.Snapshot(name) == nil:
		return nil, v.DeleteSnapshot(name)
	case clones && (cfg.Honest || !failing && !cfg.SnapshotDeleteLies):
		return nil, python.Errorf("the snapshot[%s@%s] is still in used", t.file(), name)
	}
	if c.idle = t.snapshot == nil || failing || clones || v.DeleteSnapshot(name) != nil; !c.idle {
		c.changedSnapshot()
	}
	return python.Object{}, nil
}

// runRollback sets the volume back, unless the registry lists a client of it.
func runRollback(c *call, s *storage.State) (python.Object, error) {
	name := python.Str(c.target.snapshot)
	v, err := c.find(s, "Rollback")
	if err == nil {
		err = s.Rollback(v, name, time.Now())
	}
	if err != nil {
		return nil, wrap(err, "failed to rollback snapshot[%s@%s]", c.target.volume, name)
	}
	c.changedSnapshot()
	if err := c.fillPhysical(s); err != nil {
		return nil, err
	}
	t := c.target
	return python.Object{}.With("installPath", storage.Path(t.physical, t.logical, t.volume)).
		With("size", v.Size).With("actualSize", 0), nil
}

// runSnapshotQuery is that of G7e. It compares names whole, with the number of the
// snapshot too: of two snapshots it finds the first that has the name, or has it
// as its number.
func runSnapshotQuery(c *call, s *storage.State) (python.Object, error) {
	t := c.target
	v, err := c.find(s, "ListSnapShot")
	if err != nil {
		return nil, wrap(err, "cannot found snapshot for volume[%s]", t.file())
	}
	answer := python.Object{}.With("hasSnapshot", len(v.Snapshots) > 0)
	if t.snapshot == nil {
		return answer.With("installPath", c.get("path")), nil
	}
	for _, sn := range v.Snapshots {
		if number := strconv.Itoa(sn.SeqNum); t.snapshot == sn.Name || t.snapshot == number {
			return answer.With("installPath", storage.Path(t.physical, t.logical, t.volume)+"@"+number), nil
		}
	}
	return nil, python.Errorf("cannot found snapshot[%s] for volume[%s]", python.Str(t.snapshot), t.file())
}
