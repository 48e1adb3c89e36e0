package agent

import "github.com/zbsclient/zbsclient/fakemds/internal/python"

// runClientDeploy installs the client on a host, that is, does nothing. The field
// is that of the host's password.
func runClientDeploy(field string) handler {
	return withFields(field, func(c *call) (python.Object, error) {
		password := c.get(field)
		if _, ok := password.(string); !ok {
			return nil, python.Errorf("'%s' object has no attribute 'replace'", python.TypeName(password))
		}
		c.shell(c.get("ip"), c.get("port"), c.get("username"), c.get("clientIp"))
		return python.Object{}, nil
	})
}

// cgroups are the slices of the agent, and whether the fake has them running.
var cgroups = map[string]bool{
	"zstone.share.slice": false,
	"zstone.cs.slice":    true,
	"zstone.vhost.slice": true,
}

// runUsage answers the running slices among those asked for, with the numbers of
// the recorded exchange.
func runUsage(c *call) (python.Object, error) {
	asked, _ := c.get("cgroupNames").([]any)
	bad := len(asked) == 0
	usages, seen := []python.Object{}, map[string]bool{}
	for _, v := range asked {
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
	serial := c.agent.serialNumber()
	if serial == "" {
		return nil, python.Errorf("Physical server serial number is unavailable")
	}
	return python.Object{}.With("physicalServerSerialNumber", serial).With("usages", usages), nil
}
