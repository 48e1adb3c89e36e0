package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// runCreate makes a volume; a missing name becomes "None". The installPath may
// name the wrong physical pool, see physicalPool.
func runCreate(c *call, s *storage.State) (python.Object, error) {
	logical, pool, name := c.get("logicalPool"), c.str("logicalPool"), c.str("volume")
	c.shell(logical, name)
	physical, err := c.agent.physicalPool(s, logical)
	if err != nil {
		return nil, err
	}
	v := s.Volume(pool, name)
	if v == nil || !c.truth("skipIfExisting") {
		if v, err = c.create(s, pool, name); err != nil {
			return nil, wrap(err, "failed to create %s[%s]", c.traits.noun(), name)
		}
	}
	return sizes(v.Size, v.Used).With("installPath", storage.Path(physical, pool, name)), nil
}

func (c *call) create(s *storage.State, pool, name string) (*storage.Volume, error) {
	size, ignored, err := c.size()
	if err != nil {
		return nil, err
	}
	if c.StorageError != nil {
		return nil, c.StorageError
	}
	v, err := s.Create(pool, name, size)
	if err == nil {
		c.changed(pool, name)
		c.ignoredUnit(ignored, size)
	}
	return v, err
}

// sizes are those of a volume in an answer.
func sizes(size, used int64) python.Object {
	return python.Object{}.With("size", size).With("actualSize", used)
}

// size reads the size of a request, in bytes, and the unit that was not read: the
// older generations always count GiB.
func (c *call) size() (size int64, ignored any, err error) {
	number, unit := c.get("size"), c.get("unit")
	if !c.traits.unit {
		unit, ignored = nil, unit
	}
	c.shell(number, unit)
	if _, isObject := number.(map[string]any); isObject {
		return 0, ignored, storage.CommandError("/bin/bash: line 1: zstacklib.utils.jsonobject.JsonObject: No such file or directory")
	}
	text := ""
	if unit != nil {
		text = python.Str(unit)
	}
	size, err = storage.ParseSize(python.Str(number), text)
	return size, ignored, err
}

// ignoredUnit notes a size that is another one than the caller asked for.
func (c *call) ignoredUnit(unit any, size int64) {
	if text := python.Str(unit); unit != nil && text != "" && text[:1] != "G" {
		c.harms(fmt.Sprintf("did not read the unit %s: the size is %d GiB", text, size>>30))
	}
}

// runQuery answers for the volume, whatever snapshot the path names.
func runQuery(c *call, s *storage.State) (python.Object, error) {
	v, err := c.find(s, "GetFileInfo")
	if err != nil {
		return nil, wrap(err, "cannot found %s[%s] info", c.traits.noun(), c.target.text)
	}
	answer := sizes(v.Size, v.Used)
	if v.Parent != "" && c.traits.parent {
		answer = answer.With("parentUri", "cbd:"+c.target.physical+"/"+v.Parent)
	}
	return answer, nil
}

// runExpand grows the volume, also when the path names a snapshot.
func runExpand(c *call, s *storage.State) (python.Object, error) {
	size, ignored, grown := int64(0), any(nil), false
	v, err := c.find(s, "ExtendFile")
	if err == nil {
		size, ignored, err = c.size()
	}
	if err == nil {
		grown, err = v.Extend(size)
	}
	if err != nil {
		return nil, wrap(err, "failed to expand %s[%s]", c.traits.noun(), c.target.volume)
	}
	if c.idle = !grown; grown {
		c.changedVolume()
		c.ignoredUnit(ignored, size)
	}
	return python.Object{}.With("size", v.Size), nil
}

// runFlatten makes a clone independent of its snapshot.
func runFlatten(c *call, s *storage.State) (python.Object, error) {
	v, err := c.find(s, "GetFileInfo")
	if err != nil {
		return nil, wrap(err, "cannot found volume[%s] info", c.target.file())
	}
	if c.idle = !v.Flatten(); !c.idle {
		c.changedVolume()
	}
	return sizes(v.Size, v.Used), nil
}

// How long the agent goes on trying to delete a volume that is in use. Observed:
// it answers after about 153 s. The steps are a guess.
const (
	deleteTimeout = 153 * time.Second
	deleteEvery   = 3 * time.Second
)

// runDelete deletes the volume and before that its snapshots, whatever stands
// behind the volume's name in the path. A volume that cannot be looked up counts
// as deleted.
func runDelete(ctx context.Context, c *call) (python.Object, error) {
	if err := c.readTarget(); err != nil {
		return nil, err
	}
	c.idle = true
	switch honest := c.agent.cfg.Honest; {
	case c.StorageError != nil && honest:
		return nil, wrap(c.StorageError, "failed to delete volume[%s]", c.target.volume)
	case c.StorageError != nil:
		return python.Object{}, nil // the first look failed, whatever the reason
	case honest:
		return c.lock((*call).tryDelete)
	}
	for waited := time.Duration(0); ; waited += deleteEvery {
		answer, err := c.lock((*call).tryDelete)
		if err == nil || waited >= deleteTimeout {
			return answer, err
		}
		if err := sleep(ctx, deleteEvery); err != nil {
			return nil, err
		}
	}
}

// tryDelete deletes the volume if there is one.
func (c *call) tryDelete(s *storage.State) (python.Object, error) {
	v := s.Volume(c.target.logical, c.target.volume)
	if v == nil {
		return python.Object{}, nil
	}
	if c.idle {
		c.idle = false
		c.changedVolume()
	}
	if err := s.Delete(v, time.Now()); err != nil {
		return nil, err
	}
	return python.Object{}, nil
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
