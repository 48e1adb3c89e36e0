package fakemds

import "slices"

// cgroups that the agent reports on; only the first is running here.
var cgroups = []any{"zstone.cs.slice", "zstone.share.slice", "zstone.vhost.slice"}

func resourceUsage(n *Node, cmd command) object {
	names, _ := cmd["cgroupNames"].([]any)
	usages := []any{}
	for i, name := range names {
		if !slices.Contains(cgroups, name) || slices.Contains(names[:i], name) {
			names = nil
			break
		}
		if name == cgroups[0] {
			usages = append(usages, object{{"cgroupName", name}, {"cpuSet", "0-3"}, {"cpuTime", 123456789}, {"memory", gib}, {"memoryLimit", 0}})
		}
	}
	if len(names) == 0 {
		return failure("Cgroup names must be a non-empty unique subset of the configured ZBS cgroups")
	}
	return success(member{"physicalServerSerialNumber", "SERIAL-" + n.Host()}, member{"usages", usages})
}

func clientDeploy(_ *Node, cmd command) object {
	if cmd["password"] == nil {
		return failure("'NoneType' object has no attribute 'replace'")
	}
	return success()
}

// hostDone is every set-up of a host: it runs over ssh, and here does nothing.
func hostDone(*Node, command) object { return success() }

func bdevCreate(_ *Node, cmd command) object {
	return success(member{"socketPath", "/var/run/vhost/" + pyText(cmd["bdevName"]) + ".sock"})
}
