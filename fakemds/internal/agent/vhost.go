package agent

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// A host's vhost target is the container there that makes block devices.

// withSSH is a handler that logs in to the host with the ssh fields of the request.
// What zbsadm says to a port or user "None" was not seen; the others are what
// Python says.
func withSSH(run handler) handler {
	return func(ctx context.Context, c *call) (python.Object, error) {
		if err := c.read("sshPort"); err != nil {
			return nil, err
		}
		port, user := c.get("sshPort"), c.get("sshUsername")
		switch {
		case port == nil && c.Name == "vhost/deploy": // which logs in by itself first
			return nil, python.Errorf("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
		case c.get("sshPassword") == nil:
			return nil, python.Errorf("'NoneType' object has no attribute 'replace'")
		case port == nil || user == nil:
			return nil, storage.CommandError("Error: cannot log in to " + c.str("hostIp") + " as " + python.Str(user) + ", port " + python.Str(port))
		}
		c.shell(python.Str(port), user)
		return run(ctx, c)
	}
}

// runSetTarget starts or ends the vhost target of the host.
func runSetTarget(running bool) handler {
	return locked("hostIp", func(c *call, s *storage.State) (python.Object, error) {
		host := c.str("hostIp")
		c.shell(host)
		c.changed(host)
		s.SetTarget(host, running)
		return python.Object{}, nil
	})
}

// How often and how long vhost/check looks for a target that is not ready.
const (
	checkTries = 40
	checkEvery = 500 * time.Millisecond
)

// runVhostCheck waits for the vhost target of the host. The words of the failure
// are the fake's; a real one names the host and ZStone too.
func runVhostCheck(ctx context.Context, c *call) (python.Object, error) {
	if err := c.read("hostIp"); err != nil {
		return nil, err
	}
	host := c.str("hostIp")
	c.shell(host)
	for range checkTries {
		ready := false
		c.agent.storage.Do(func(s *storage.State) { ready = targetRuns(s, host) })
		if ready {
			return python.Object{}, nil
		}
		if err := sleep(ctx, checkEvery); err != nil {
			return nil, err
		}
	}
	return nil, python.Errorf("no vhost target is ready on host[%s]: deploy it with ZStone", host)
}

// targetRuns reports whether the vhost target of the host runs. A host without a name
// has none.
func targetRuns(s *storage.State, host string) bool { return host != "None" && s.TargetRuns(host) }

// runVhostHealth answers whether the vhost target of the host runs.
func runVhostHealth(c *call, s *storage.State) (python.Object, error) {
	host := c.str("hostIp")
	c.shell(host)
	return python.Object{}.With("targetRunning", targetRuns(s, host)), nil
}

// runBdevCreate opens the volume on the host, which then is one of its clients.
// The text of the failure was not seen; this is what the sources make of it.
func runBdevCreate(c *call, s *storage.State) (python.Object, error) {
	pool, vol, bdev, host := c.str("logicalPool"), c.str("volume"), c.str("bdevName"), c.str("hostIp")
	c.shell(pool, vol, bdev, host)
	v, err := s.Find("OpenFile", pool, vol)
	if err == nil && !targetRuns(s, host) {
		err = python.Error("the vhost target does not run")
	}
	if err != nil {
		return nil, wrap(err, "failed to create vhost bdev[%s] for volume[%s/%s] on host[%s]", bdev, pool, vol, host)
	}
	if c.idle = !s.CreateBdev(host, bdev, v); !c.idle {
		c.changed(host, bdev)
	}
	return python.Object{}.With("socketPath", "/var/zbsvhost/sockets/"+bdev), nil
}

// runBdevDelete closes the volume on the host. It does not mind a bdev that does
// not exist.
func runBdevDelete(c *call, s *storage.State) (python.Object, error) {
	host, bdev := c.str("hostIp"), c.str("bdevName")
	c.shell(host, bdev)
	if c.idle = !s.DeleteBdev(host, bdev); !c.idle {
		c.changed(host, bdev)
	}
	return python.Object{}, nil
}
