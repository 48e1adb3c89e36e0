package fakemds

import (
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// A host's vhost target is the container there that makes block devices. Hosts
// have a running one unless SetVhostTarget or vhost/destroy says otherwise.

// SetVhostTarget says whether the vhost target of the host runs. It decides what
// vhost/check and vhost/target/health answer and whether vhost/bdev/create works.
// Block devices that are open stay open, see RestartVhost. The default is running.
func (c *Cluster) SetVhostTarget(host string, running bool) {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	c.st.noTarget[host] = !running
}

// targetLocked tells whether the vhost target of the host runs. A host without a
// name has none.
func (s *storage) targetLocked(host string) bool { return host != "None" && !s.noTarget[host] }

// vhostHost reads the host of a request about its vhost target.
func (x *exchange) vhostHost() (string, error) {
	cmd, err := x.command()
	if err != nil {
		return "", err
	}
	host := cmd.str("hostIp")
	x.shell(host)
	return host, cmd.err
}

// withSSH is a handler that logs in to the host with the ssh fields of the request.
// What zbsadm says to a port or user "None" was not seen; the others are what
// Python says.
func withSSH(run handler) handler {
	return func(x *exchange) (python.Object, error) {
		cmd, err := x.command()
		if err != nil {
			return nil, err
		}
		port, user, password := cmd.get("sshPort"), cmd.get("sshUsername"), cmd.get("sshPassword")
		switch {
		case cmd.err != nil:
			return nil, cmd.err
		case port == nil && x.ep.name == "vhost/deploy": // which logs in by itself first
			return nil, python.Errorf("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
		case password == nil:
			return nil, python.Errorf("'NoneType' object has no attribute 'replace'")
		case port == nil || user == nil:
			return nil, shellError("Error: cannot log in to " + cmd.str("hostIp") + " as " + python.Str(user) + ", port " + python.Str(port))
		}
		x.shell(python.Str(port), user)
		return run(x)
	}
}

// runVhostDeploy starts the vhost target of the host.
func runVhostDeploy(x *exchange) (python.Object, error) { return x.setTarget(true) }

// runVhostDestroy ends it.
func runVhostDestroy(x *exchange) (python.Object, error) { return x.setTarget(false) }

func (x *exchange) setTarget(running bool) (python.Object, error) {
	host, err := x.vhostHost()
	if err != nil {
		return nil, err
	}
	x.acted(host)
	x.node.cluster.SetVhostTarget(host, running)
	return python.Object{}, nil
}

// How often and how long vhost/check looks for a target that is not ready.
const (
	checkTries = 40
	checkEvery = 500 * time.Millisecond
)

// runVhostCheck waits for the vhost target of the host. The words of the failure
// are the fake's; a real one names the host and ZStone too.
func runVhostCheck(x *exchange) (python.Object, error) {
	host, err := x.vhostHost()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	for range checkTries {
		st.mu.Lock()
		ready := st.targetLocked(host)
		st.mu.Unlock()
		if ready {
			return python.Object{}, nil
		}
		if err := sleep(x.conn.life, checkEvery); err != nil {
			return nil, err
		}
	}
	return nil, python.Errorf("no vhost target is ready on host[%s]: deploy it with ZStone", host)
}

// runVhostHealth tells whether the vhost target of the host runs.
func runVhostHealth(x *exchange) (python.Object, error) {
	host, err := x.vhostHost()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	return python.Object{}.With("targetRunning", st.targetLocked(host)), nil
}
