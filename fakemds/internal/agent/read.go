package agent

import (
	"context"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// The functions of this file are what handlers have in common: they decode the body,
// take the path apart and lock the storage, and then run the part that differs.

// withFields decodes the body. first is the field that the agent reads first, which
// it names when the body is no object.
func withFields(first string, run func(c *call) (python.Object, error)) handler {
	return func(_ context.Context, c *call) (python.Object, error) {
		if err := c.read(first); err != nil {
			return nil, err
		}
		return run(c)
	}
}

// stateHandler is the part of a handler that runs with the storage locked.
type stateHandler func(c *call, s *storage.State) (python.Object, error)

// locked decodes the body, as withFields does, and locks the storage.
func locked(first string, run stateHandler) handler {
	return withFields(first, func(c *call) (python.Object, error) { return c.lock(run) })
}

// onTarget decodes the body, reads its target and locks the storage.
func onTarget(run stateHandler) handler {
	return func(_ context.Context, c *call) (python.Object, error) {
		if err := c.readTarget(); err != nil {
			return nil, err
		}
		return c.lock(run)
	}
}

// lock runs a part of a handler with the storage locked.
func (c *call) lock(run stateHandler) (answer python.Object, err error) {
	c.agent.storage.Do(func(s *storage.State) { answer, err = run(c, s) })
	return answer, err
}

// read decodes the body and requires an object. The field first may be missing.
func (c *call) read(first string) error {
	fields, err := python.Decode(c.Body)
	if err != nil {
		return err
	}
	c.fields = fields
	_, err = python.Attr(fields, c.fieldName(first))
	return err
}

// readTarget decodes the body and takes its path apart. The older generations have
// names instead of a path. A missing name becomes "None".
func (c *call) readTarget() error {
	if !c.byName {
		return c.readPath("path")
	}
	if err := c.read("logicalPool"); err != nil {
		return err
	}
	c.target = target{logical: c.str("logicalPool"), volume: c.str("volume"), snapshot: c.get("snapshot")}
	c.target.text = c.target.file()
	c.shell(c.target.logical, c.target.volume, c.target.snapshot)
	return nil
}

// readPath decodes the body and takes the path in the field apart.
func (c *call) readPath(field string) error {
	if err := c.read(field); err != nil {
		return err
	}
	t, err := parseTarget(c.get(field))
	if err != nil {
		return err
	}
	c.target = t
	c.shell(t.logical, t.volume, t.snapshot)
	return nil
}

// legacyFields are the names of fields in the generations without paths.
var legacyFields = map[string]string{
	"logicalPool": "logicalPoolName", "volume": "lunName", "snapshot": "snapshotName", "dstVolume": "dstLunName",
}

func (c *call) fieldName(name string) string {
	if old, ok := legacyFields[name]; ok && c.byName {
		return old
	}
	return name
}

// get returns the field of the body, nil when it lacks it.
func (c *call) get(name string) any {
	v, _ := python.Attr(c.fields, c.fieldName(name)) // read found an object
	return v
}

func (c *call) str(name string) string { return python.Str(c.get(name)) }

func (c *call) truth(name string) bool { return python.Truth(c.get(name)) }
