package agent

import (
	"encoding/json"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// runClone protects the snapshot and makes a volume of it. Whether the snapshot
// is protected already, it asks the first one whose name contains the name.
func runClone(c *call, s *storage.State) (python.Object, error) {
	dst, name := c.str("dstVolume"), python.Str(c.target.snapshot)
	c.shell(dst)
	v, err := c.find(s, "ListSnapShot")
	if err != nil {
		return nil, errNoSnapshotList
	}
	if len(v.Snapshots) == 0 {
		return nil, python.Errorf("failed to found snapshot for %s[%s]", c.traits.noun(), c.target.volume)
	}
	like, err := c.agent.snapshotLike(v, c.target.snapshot)
	if err != nil {
		return nil, err
	}
	if like == nil || !like.Protected {
		if err := v.Protect(name); err != nil {
			return nil, err
		}
	}
	made, err := s.Clone(v, name, dst)
	if err != nil {
		return nil, wrap(err, "failed to clone volume[%s] to volume[%s]", c.target.volume, dst)
	}
	c.changedSnapshot()
	c.changed(dst)
	if err := c.fillPhysical(s); err != nil {
		return nil, err
	}
	return python.Object{}.With("installPath", storage.Path(c.target.physical, c.target.logical, dst)).
		With("size", made.Size).With("actualSize", 0), nil
}

// runCopy copies a snapshot into a new volume. With threadContext.api a failure
// runs the agent's cancel, which deletes dstVolume in the pool of the source even
// if another request made it.
func runCopy(c *call, s *storage.State) (python.Object, error) {
	t, dst, pool := c.target, c.get("dstVolume"), any(nil)
	if c.traits.dstPool {
		pool = c.get("dstPool")
	}
	if c.byName {
		if err := concatenated(c.get("logicalPool"), c.get("volume"), t.snapshot, dst); err != nil {
			return nil, err
		}
	}
	c.shell(dst, pool)
	if err := checkTimeout(c.get("taskContext")); err != nil {
		return nil, err
	}
	v, err := c.find(s, "ListSnapShot")
	if err != nil {
		return nil, wrap(err, "failed to query snapshot info for volume[%s]", t.volume)
	}
	if t.snapshot == nil || dst == nil {
		return nil, errConcatenate
	}
	if pool == nil {
		pool = t.logical
	}
	physical, err := c.agent.physicalPool(s, pool)
	if err != nil {
		return nil, err
	}
	made, err := s.Copy(v, python.Str(t.snapshot), python.Str(pool), python.Str(dst))
	if err != nil {
		c.cancelCopy(s, python.Str(dst))
		return nil, wrap(err, "failed to copy snapshot[%s] to volume[%s/%s]", t.snapshotFile(), python.Str(pool), python.Str(dst))
	}
	c.changedSnapshot()
	c.changed(python.Str(pool), python.Str(dst))
	if asked := c.get("dstPool"); asked != nil && asked != pool {
		c.harms("did not read dstPool " + python.Str(asked) + ": copied to " + python.Str(pool) + "/" + python.Str(dst))
	}
	return python.Object{}.With("installPath", storage.Path(physical, python.Str(pool), python.Str(dst))).With("size", made.Size), nil
}

// minCopySeconds is the least time-out of a task that the agent accepts.
const minCopySeconds = 60

// checkTimeout is the agent's look at the time-out of a task.
func checkTimeout(task any) error {
	timeout, _ := python.Attr(task, "__messagetimeout__") // any task may lack it
	ms, ok := timeout.(json.Number)
	if !ok {
		return nil
	}
	if f, _ := ms.Float64(); f/1000 < minCopySeconds {
		return python.Errorf("timeout[%s] is too short", python.ReprFloat(f/1000))
	}
	return nil
}

// cancelCopy is what the agent does when a copy fails that a thread of its API made.
func (c *call) cancelCopy(s *storage.State, dst string) {
	api, _ := python.Attr(c.get("threadContext"), "api") // a request may lack either
	if api != nil && s.Remove(c.target.logical, dst) {
		c.harms("the copy that failed deleted the volume " + c.target.logical + "/" + dst)
	}
}

var errConcatenate = python.Errorf(`can only concatenate str (not "NoneType") to str`)

// concatenated is what becomes of a name that is missing where the older
// generations put names together with +.
func concatenated(pool, volume, snapshot, dst any) error {
	switch {
	case pool == nil:
		return python.Errorf("unsupported operand type(s) for +: 'NoneType' and 'str'")
	case volume == nil || snapshot == nil || dst == nil:
		return errConcatenate
	}
	return nil
}
