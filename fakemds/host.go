package fakemds

import (
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// runClientDeploy installs the client on a host, that is, does nothing. The field
// is that of the host's password.
func runClientDeploy(field string) handler {
	return func(x *exchange) (python.Object, error) {
		cmd, err := x.command()
		if err != nil {
			return nil, err
		}
		password := cmd.get(field)
		if cmd.err != nil {
			return nil, cmd.err
		}
		if _, ok := password.(string); !ok {
			return nil, python.Errorf("'%s' object has no attribute 'replace'", python.TypeName(password))
		}
		x.shell(cmd.get("ip"), cmd.get("port"), cmd.get("username"), cmd.get("clientIp"))
		return python.Object{}, nil
	}
}

// runBdevCreate opens the volume on the host, which then is one of its clients.
// The text of the failure was not seen; this is what the sources make of it.
func runBdevCreate(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	lp, vol, bdev, host := cmd.str("logicalPool"), cmd.str("volume"), cmd.str("bdevName"), cmd.str("hostIp")
	if cmd.err != nil {
		return nil, cmd.err
	}
	x.shell(lp, vol, bdev, host)
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := st.fileLocked("OpenFile", lp, vol)
	if err == nil && !st.targetLocked(host) {
		err = python.Error("the vhost target does not run")
	}
	if err != nil {
		return nil, wrap(err, "failed to create vhost bdev[%s] for volume[%s/%s] on host[%s]", bdev, lp, vol, host)
	}
	key := host + "/" + bdev
	if b := st.bdevs[key]; b != nil && b.client.entry.link == unlinked {
		st.dropBdevLocked(key) // the container that restarted knows nothing of it
	}
	if x.idle = st.bdevs[key] != nil; !x.idle {
		x.acted(host, bdev)
		b := &bdevState{volume: v, client: st.newClientLocked(host)}
		v.clients.add(b.client)
		st.bdevs[key] = b
	}
	return python.Object{}.With("socketPath", "/var/zbsvhost/sockets/"+bdev), nil
}

// runBdevDelete closes the volume on the host. It does not mind a bdev that does
// not exist.
func runBdevDelete(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	host, bdev := cmd.str("hostIp"), cmd.str("bdevName")
	if cmd.err != nil {
		return nil, cmd.err
	}
	x.shell(host, bdev)
	key := host + "/" + bdev
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if x.idle = st.bdevs[key] == nil; !x.idle {
		x.acted(host, bdev)
	}
	st.dropBdevLocked(key)
	return python.Object{}, nil
}

func (s *storage) dropBdevLocked(key string) {
	if b := s.bdevs[key]; b != nil {
		b.volume.clients.drop(b.client)
		delete(s.bdevs, key)
	}
}

// RestartVhost restarts the vhost container of the host, which is what has the
// volumes of its block devices open and forgets them. No list shows them any
// more, but their machines live: VolumeState.Clients keeps the host until
// vhost/bdev/delete. With vhost/bdev/create the volume is listed again. It does
// nothing on a host without block devices.
func (c *Cluster) RestartVhost(host string) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	for _, b := range c.st.bdevs {
		if sameHost(b.client.IP, host) {
			b.client.entry = entry{until: time.Now(), link: unlinked}
		}
	}
}

// slices of the agent, and whether the fake has them running.
var cgroups = map[string]bool{
	"zstone.share.slice": false,
	"zstone.cs.slice":    true,
	"zstone.vhost.slice": true,
}

// runUsage answers the running slices among those asked for, with the numbers of
// the recorded exchange.
func runUsage(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	names, _ := cmd.get("cgroupNames").([]any)
	if cmd.err != nil {
		return nil, cmd.err
	}
	bad := len(names) == 0
	usages, seen := []python.Object{}, map[string]bool{}
	for _, v := range names {
		name := python.Str(v)
		running, known := cgroups[name]
		bad = bad || !known || seen[name]
		seen[name] = true
		if running {
			usages = append(usages, python.Object{}.With("cgroupName", name).With("cpuSet", "0-3").
				With("cpuTime", 123456789).With("memory", 1<<30).With("memoryLimit", 0))
		}
	}
	if bad {
		return nil, python.Errorf("Cgroup names must be a non-empty unique subset of the configured ZBS cgroups")
	}
	x.node.mu.Lock()
	serial := x.node.serial
	x.node.mu.Unlock()
	if serial == "" {
		return nil, python.Errorf("Physical server serial number is unavailable")
	}
	return python.Object{}.With("physicalServerSerialNumber", serial).With("usages", usages), nil
}
