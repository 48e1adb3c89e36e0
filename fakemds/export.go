package fakemds

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// Export is an NBD export of one node, a process of its own that has the volume
// or snapshot open, for writing.
type Export struct {
	Port   int
	Volume string // LOGICAL/VOLUME
	// Snapshot is what is really exported: the agent picks the first snapshot
	// whose name contains the one asked for. Empty for the volume itself.
	Snapshot string
}

// export is an Export with what it has open.
type export struct {
	Export
	opened *openers
	client *client
}

// IP is the address of the node in lists of clients, where it has a volume open
// itself because it exports it. It is the host of Addr; a node in memory has one
// of 10.99.0.1, 10.99.0.2 and so on.
func (n *Node) IP() string {
	if n.cluster.cfg.loopback {
		return n.Host()
	}
	return fmt.Sprintf("10.99.%d.%d", n.index/254, n.index%254+1)
}

// Exports returns the NBD exports of the node.
func (n *Node) Exports() []Export {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []Export
	for _, e := range n.exports {
		all = append(all, e.Export)
	}
	return all
}

// fixedPorts is the range of the generations that take none.
const fixedPorts = "10600:10800"

// runExport is volume/cbdtonbd.
func runExport(x *exchange) (python.Object, error) { return x.export("path", "addr", false) }

// runExportOld is that of the generations before G7, runExportFixed that of those
// before G5.
func runExportOld(x *exchange) (python.Object, error) {
	return x.export("installPath", "mdsAddr", false)
}
func runExportFixed(x *exchange) (python.Object, error) {
	return x.export("installPath", "mdsAddr", true)
}

// export starts an NBD export of a volume or snapshot on this node. It does not
// look whether the export runs: with nothing to open it answers a port on which
// nothing listens.
func (x *exchange) export(pathField, addrField string, fixed bool) (python.Object, error) {
	cmd, t, err := x.pathTarget(pathField)
	if err != nil {
		return nil, err
	}
	n, st := x.node, x.node.cluster.st
	n.mu.Lock()
	defer n.mu.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	e, err := x.exportLocked(t)
	if err != nil {
		return nil, err
	}
	from, to, err := x.portRange(cmd, fixed)
	if err != nil {
		return nil, err
	}
	for e.Port = from; e.Port <= to && n.exports[e.Port] != nil; {
		e.Port++
	}
	if e.Port > to {
		return nil, python.Errorf("no free port in range[%s]", cmd.str("portRange"))
	}
	if e.opened != nil {
		e.client = st.newClientLocked(n.IP())
		if n.cluster.cfg.exportsUnlisted {
			e.client.entry = entry{until: time.Now(), link: unlinked}
		}
		e.opened.add(e.client)
		n.exports[e.Port] = e
		x.exported(t, e)
	}
	x.idle = e.opened == nil
	return python.Object{}.With("ip", cmd.get(addrField)).With("port", e.Port), nil
}

// exported notes an export of another snapshot than the path names.
func (x *exchange) exported(t target, e *export) {
	x.actedOnPath(t)
	if t.snapshot != nil && t.snapshot != e.Snapshot {
		x.harms("exported the snapshot " + e.Snapshot + " for " + python.Str(t.snapshot))
	}
}

func (x *exchange) portRange(cmd *command, fixed bool) (from, to int, err error) {
	switch {
	case fixed:
		return portRange(fixedPorts, ":")
	case x.node.cluster.cfg.dashed:
		return portRange(cmd.get("portRange"), "-")
	}
	return portRange(cmd.get("portRange"), ":")
}

// exportLocked finds what there is to export; nothing is no error.
func (x *exchange) exportLocked(t target) (*export, error) {
	st := x.node.cluster.st
	e := &export{Export: Export{Volume: t.file()}}
	v, err := x.fileLocked("ListSnapShot", t)
	switch {
	case t.snapshot == nil && err == nil:
		e.opened = &v.clients
	case t.snapshot == nil:
	case err != nil:
		return nil, errNoSnapshotList
	case len(v.snaps) == 0:
		return nil, python.Errorf("failed to found snapshot for %s[%s]", x.traits().noun(), t.volume)
	default:
		s, err := st.snapLike(v, t.snapshot)
		if err != nil {
			return nil, err
		}
		if s != nil {
			e.Snapshot, e.opened = s.name, &s.clients
		}
	}
	return e, nil
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

// runUnexport ends the export of a port of this node, if there is one.
func runUnexport(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	port := cmd.get("port")
	if cmd.err != nil {
		return nil, cmd.err
	}
	number, ok := port.(json.Number)
	if !ok {
		return nil, python.Errorf("%%d format: a real number is required, not %s", python.TypeName(port))
	}
	f, _ := number.Float64()
	n, st := x.node, x.node.cluster.st
	n.mu.Lock()
	defer n.mu.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	x.idle = n.exports[int(f)] == nil
	if e := n.exports[int(f)]; e != nil {
		e.opened.drop(e.client)
		delete(n.exports, int(f))
	}
	return python.Object{}, nil
}
