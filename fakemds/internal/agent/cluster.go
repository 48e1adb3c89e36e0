package agent

import (
	"context"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// The endpoints about the cluster and the agent itself.

// runEcho answers with an empty body.
func runEcho(context.Context, *call) (python.Object, error) { return nil, nil }

func runFacts(_ context.Context, c *call) (python.Object, error) {
	version := c.agent.cfg.Version
	answer := python.Object{}
	if version == "" || !olderThan(version, "1.5.1") { // older clusters have none
		answer = answer.With("uuid", c.agent.clusterID())
	}
	return answer.With("version", version), nil
}

// olderThan compares the parts of versions before any '-' as numbers.
func olderThan(version, than string) bool {
	version, _, _ = strings.Cut(version, "-")
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		have := 0
		if i < len(a) {
			have, _ = strconv.Atoi(a[i])
		}
		if want, _ := strconv.Atoi(b[i]); have != want {
			return have < want
		}
	}
	return false
}

// runFactsWrite is that of G1: before anything else it replaces the addresses of
// the MDS in client.conf, by "None" when the request has none.
func runFactsWrite(c *call) (python.Object, error) {
	c.shell(c.get("mdsListenAddr"))
	now, was := c.agent.writeClientConf(c.str("mdsListenAddr"))
	c.harms("wrote client.conf: " + now + ", was " + was)
	if _, err := c.mustFindMDS("mdsAddr", "mds[%s] is not on this server"); err != nil {
		return nil, err
	}
	return python.Object{}.With("version", c.agent.cfg.Version), nil
}

// writeClientConf replaces the addresses of the MDS and returns both lines.
func (a *Agent) writeClientConf(addrs string) (now, was string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was = a.clientConfLocked()
	a.clientConf = listenAddr(addrs)
	return a.clientConf, was
}

// runFactsAddr is that of G2: it answers the address of an MDS. What it says when
// it does not find one was not read.
func runFactsAddr(c *call) (python.Object, error) {
	mds, err := c.mustFindMDS("mdsAddr", "mds[%s] is not on this server")
	if err != nil {
		return nil, err
	}
	return python.Object{}.With("mdsExternalAddr", mds), nil
}

// mustFindMDS is the first MDS that the field matches, or the error with the field's
// value.
func (c *call) mustFindMDS(field, format string) (string, error) {
	mds, err := c.agent.findMDS(c.get(field))
	if err == nil && mds == "" {
		err = python.Errorf(format, c.str(field))
	}
	return mds, err
}

// runPing compares the cluster with the caller's idea of it.
func runPing(c *call) (python.Object, error) {
	info := c.get("clusterInfo")
	version, err := python.Attr(info, "version")
	if err != nil {
		return nil, err
	}
	old, _ := python.Attr(info, "uuid") // info is an object
	var current any = c.agent.clusterID()
	if version != nil && olderThan(python.Str(version), "1.5.1") {
		current = nil
	}
	if current != old {
		return nil, python.Errorf("cluster uuid does not match, current cluster uuid[%s], old cluster uuid[%s]",
			python.Str(current), python.Str(old))
	}
	if !c.traits.version {
		return python.Object{}, nil
	}
	return python.Object{}.With("agentVersion", c.agent.Version()), nil
}

// runPingAddr is that of G1: the MDS that the field names must be one of this
// cluster. What it says when it is not was not read.
func runPingAddr(c *call) (python.Object, error) { return c.pingMDS("mdsAddr") }

// runPingExternal is that of G2: without an address to look for it succeeds.
func runPingExternal(c *call) (python.Object, error) {
	if !c.truth("mdsExternalAddr") {
		return python.Object{}, nil
	}
	return c.pingMDS("mdsExternalAddr")
}

func (c *call) pingMDS(field string) (python.Object, error) {
	if _, err := c.mustFindMDS(field, "cannot found mds[%s]"); err != nil {
		return nil, err
	}
	return python.Object{}, nil
}

// runPingLeader succeeds while an MDS is leader, which here one always is. It does
// not look at the request.
func runPingLeader(context.Context, *call) (python.Object, error) { return python.Object{}, nil }

// runMetadataSync sets the agent's one version, where it has one, and finds out
// whether the storage can list clients.
func runMetadataSync(c *call) (python.Object, error) {
	addr, version := c.str("addr"), c.get("agentVersion")
	if version != nil {
		version = python.Str(version)
	}
	a := c.agent
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.notMDS || addr == "None" {
		return nil, python.Errorf("cannot found external address of mds[%s]", addr)
	}
	a.synced = true
	if c.traits.version {
		if was := a.version; was != nil && was != version {
			c.harms("metadata/sync replaced the agentVersion " + python.Str(was) + " by " + python.Str(version))
		}
		a.version = version
	}
	answer := python.Object{}.With("externalAddr", addr+":"+MDSPort)
	if a.serial != "" && c.traits.serial {
		answer = answer.With("physicalServerSerialNumber", a.serial)
	}
	return answer, nil
}
