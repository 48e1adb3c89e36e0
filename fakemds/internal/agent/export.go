package agent

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// exportFields are the fields of volume/cbdtonbd in a generation.
type exportFields struct{ path, addr, ports string }

var (
	exportFixed = exportFields{"installPath", "mdsAddr", ""} // it takes no ports
	exportOld   = exportFields{"installPath", "mdsAddr", "portRange"}
	exportNew   = exportFields{"path", "addr", "portRange"}
)

// fixedPorts is the range of the generations that take none.
const fixedPorts = "10600:10800"

// runExport starts an NBD export of a volume or snapshot on this node. It does not
// look whether the export runs: with nothing to open it answers a port on which
// nothing listens.
func runExport(fields exportFields) handler {
	return func(_ context.Context, c *call) (python.Object, error) {
		if err := c.readPath(fields.path); err != nil {
			return nil, err
		}
		return c.lock(func(c *call, s *storage.State) (python.Object, error) {
			e, err := c.findExport(s)
			if err != nil {
				return nil, err
			}
			from, to, err := c.ports(fields.ports)
			if err != nil {
				return nil, err
			}
			if !c.agent.start(e, s, from, to) {
				return nil, python.Errorf("no free port in range[%s]", c.str("portRange"))
			}
			if c.idle = e.opened == nil; !c.idle {
				c.exported(e)
			}
			return python.Object{}.With("ip", c.get(fields.addr)).With("port", e.Port), nil
		})
	}
}

// findExport finds what there is to export; nothing is no error. Of a snapshot it
// takes the first whose name contains the one asked for.
func (c *call) findExport(s *storage.State) (*export, error) {
	t := c.target
	e := &export{Export: Export{Volume: t.file()}}
	v, err := c.find(s, "ListSnapShot")
	switch {
	case t.snapshot == nil && err == nil:
		e.opened = &v.Clients
	case t.snapshot == nil:
	case err != nil:
		return nil, errNoSnapshotList
	case len(v.Snapshots) == 0:
		return nil, python.Errorf("failed to found snapshot for %s[%s]", c.traits.noun(), t.volume)
	default:
		sn, err := c.agent.snapshotLike(v, t.snapshot)
		if err != nil {
			return nil, err
		}
		if sn != nil {
			e.Snapshot, e.opened = sn.Name, &sn.Clients
		}
	}
	return e, nil
}

// ports reads the range of ports in the field.
func (c *call) ports(field string) (from, to int, err error) {
	switch {
	case field == "":
		return portRange(fixedPorts, ":")
	case c.agent.cfg.DashedPorts:
		return portRange(c.get(field), "-")
	}
	return portRange(c.get(field), ":")
}

func portRange(v any, separator string) (from, to int, err error) {
	text, ok := v.(string)
	if !ok {
		return 0, 0, python.Errorf("'%s' object has no attribute 'split'", python.TypeName(v))
	}
	ports := strings.Split(text, separator)
	if from, err = strconv.Atoi(ports[0]); err != nil {
		return 0, 0, python.Errorf("invalid literal for int() with base 10: '%s'", ports[0])
	}
	if len(ports) < 2 {
		return 0, 0, python.Errorf("list index out of range")
	}
	if to, err = strconv.Atoi(ports[1]); err != nil {
		return 0, 0, python.Errorf("invalid literal for int() with base 10: '%s'", ports[1])
	}
	return from, to, nil
}

// start takes the first free port for the export and opens what it exports. It
// reports whether a port was free.
func (a *Agent) start(e *export, s *storage.State, from, to int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for e.Port = from; e.Port <= to && a.exports[e.Port] != nil; {
		e.Port++
	}
	if e.Port > to {
		return false
	}
	if e.opened == nil {
		return true
	}
	e.client = s.NewClient(a.ip)
	if a.cfg.ExportsUnlisted {
		e.client.Unlist(time.Now())
	}
	e.opened.Add(e.client)
	a.exports[e.Port] = e
	return true
}

// stop ends the export of the port and reports whether there was one. It runs with
// the storage locked.
func (a *Agent) stop(port int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.exports[port]
	if e == nil {
		return false
	}
	e.opened.Drop(e.client)
	delete(a.exports, port)
	return true
}

// exported notes an export of another snapshot than the path names.
func (c *call) exported(e *export) {
	c.changedTarget()
	if asked := c.target.snapshot; asked != nil && asked != e.Snapshot {
		c.harms("exported the snapshot " + e.Snapshot + " for " + python.Str(asked))
	}
}

// runUnexport ends the export of a port of this node, if there is one.
func runUnexport(c *call, _ *storage.State) (python.Object, error) {
	port := c.get("port")
	number, ok := port.(json.Number)
	if !ok {
		return nil, python.Errorf("%%d format: a real number is required, not %s", python.TypeName(port))
	}
	f, _ := number.Float64()
	c.idle = !c.agent.stop(int(f))
	return python.Object{}, nil
}
