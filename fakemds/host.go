package fakemds

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// runExport starts an NBD export of a volume or snapshot on this node. Of a
// snapshot it exports the first whose name contains the name, or with none, an
// empty one; it never fails for that.
func runExport(x *exchange) (obj, error) {
	cmd, t, err := x.target()
	if err != nil {
		return nil, err
	}
	separator := ":"
	if x.node.cluster.cfg.dashed {
		separator = "-"
	}
	from, to, err := portRange(cmd.get("portRange"), separator)
	if err != nil {
		return nil, err
	}
	e := Export{Volume: t.file()}
	st := x.node.cluster.st
	st.mu.Lock()
	if v := st.volumeLocked(t.logical, t.volume); v != nil && t.snapshot != nil {
		if s, _ := st.snapLike(v, t.snapshot); s != nil {
			e.Snapshot = s.name
		}
	}
	st.mu.Unlock()

	n := x.node
	n.mu.Lock()
	defer n.mu.Unlock()
	for port := from; port <= to; port++ {
		if _, used := n.exports[port]; !used {
			e.Port = port
			n.exports[port] = e
			return obj{{"ip", cmd.get("addr")}, {"port", port}}, nil
		}
	}
	return nil, failf("no free port in range[%s]", cmd.str("portRange"))
}

func portRange(v any, separator string) (from, to int, err error) {
	text, ok := v.(string)
	if !ok {
		return 0, 0, failf("'%s' object has no attribute 'split'", typeName(v))
	}
	ports := strings.Split(text, separator)
	if from, err = strconv.Atoi(ports[0]); err != nil {
		return 0, 0, failf("invalid literal for int() with base 10: '%s'", ports[0])
	}
	if len(ports) < 2 {
		return 0, 0, failf("list index out of range")
	}
	if to, err = strconv.Atoi(ports[1]); err != nil {
		return 0, 0, failf("invalid literal for int() with base 10: '%s'", ports[1])
	}
	return from, to, nil
}

// runUnexport ends the export of a port of this node, if there is one.
func runUnexport(x *exchange) (obj, error) {
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
		return nil, failf("%%d format: a real number is required, not %s", typeName(port))
	}
	f, _ := number.Float64()
	x.node.mu.Lock()
	defer x.node.mu.Unlock()
	delete(x.node.exports, int(f))
	return obj{}, nil
}

// runClientDeploy installs the client on a host, that is, does nothing.
func runClientDeploy(x *exchange) (obj, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	password := cmd.get("password")
	if cmd.err != nil {
		return nil, cmd.err
	}
	if _, ok := password.(string); !ok {
		return nil, failf("'%s' object has no attribute 'replace'", typeName(password))
	}
	return obj{}, nil
}

// runVhostSetup is vhost/deploy and vhost/destroy: it does nothing.
func runVhostSetup(x *exchange) (obj, error) {
	_, err := x.command()
	return obj{}, err
}

// runBdevCreate opens the volume on the host, which then is one of its clients.
// The real answer was not seen; this is what the sources make of it.
func runBdevCreate(x *exchange) (obj, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	lp, vol, bdev, host := cmd.str("logicalPool"), cmd.str("volume"), cmd.str("bdevName"), cmd.str("hostIp")
	if cmd.err != nil {
		return nil, cmd.err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := st.fileLocked("OpenFile", lp, vol)
	if err != nil {
		return nil, wrap(err, "failed to create vhost bdev[%s] for volume[%s/%s] on host[%s]", bdev, lp, vol, host)
	}
	if key := host + "/" + bdev; st.bdevs[key] == nil {
		st.bdevs[key] = &bdevState{volume: v, client: &client{ClientState: ClientState{IP: host, Port: 9100 + len(st.bdevs)}}}
		v.clients = append(v.clients, st.bdevs[key].client)
	}
	return obj{{"socketPath", "/var/zbsvhost/sockets/" + bdev}}, nil
}

// runBdevDelete closes the volume on the host. It does not mind a bdev that does
// not exist.
func runBdevDelete(x *exchange) (obj, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	key := cmd.str("hostIp") + "/" + cmd.str("bdevName")
	if cmd.err != nil {
		return nil, cmd.err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if b := st.bdevs[key]; b != nil {
		b.volume.clients = slices.DeleteFunc(b.volume.clients, func(c *client) bool { return c == b.client })
		delete(st.bdevs, key)
	}
	return obj{}, nil
}

// slices of the agent, and whether the fake has them running.
var cgroups = map[string]bool{
	"zstone.share.slice": false,
	"zstone.cs.slice":    true,
	"zstone.vhost.slice": true,
}

// runUsage answers the running slices among those asked for, with the numbers of
// the recorded exchange.
func runUsage(x *exchange) (obj, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	names, _ := cmd.get("cgroupNames").([]any)
	if cmd.err != nil {
		return nil, cmd.err
	}
	bad := len(names) == 0
	usages, seen := []obj{}, map[string]bool{}
	for _, v := range names {
		name := str(v)
		running, known := cgroups[name]
		bad = bad || !known || seen[name]
		seen[name] = true
		if running {
			usages = append(usages, obj{{"cgroupName", name}, {"cpuSet", "0-3"},
				{"cpuTime", 123456789}, {"memory", 1 << 30}, {"memoryLimit", 0}})
		}
	}
	if bad {
		return nil, failf("Cgroup names must be a non-empty unique subset of the configured ZBS cgroups")
	}
	serial := "SERIAL-" + x.node.Host()
	if addr := cmd.get("addr"); addr != nil {
		serial = "SERIAL-" + str(addr)
	}
	return obj{{"physicalServerSerialNumber", serial}, {"usages", usages}}, nil
}
