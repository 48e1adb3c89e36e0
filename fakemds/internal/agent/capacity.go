package agent

import (
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// runCapacity answers all pools; the filter only decides between success and
// failure, and one known pool is enough.
func runCapacity(c *call, s *storage.State) (python.Object, error) {
	wanted := c.get("logicalPoolNames")
	infos, found := []python.Object{}, !python.Truth(wanted)
	for _, p := range s.Pools() {
		infos = append(infos, poolInfo(p))
		found = found || mentions(wanted, p.Name)
	}
	if !found {
		return nil, noPool(wanted)
	}
	return python.Object{}.With("logicalPoolInfos", infos), nil
}

// runCapacityOf is that of the generations that take one name, in this field, and
// find it by substring. They answer all pools too.
func runCapacityOf(field string) handler {
	return locked(field, func(c *call, s *storage.State) (python.Object, error) {
		name := c.get(field)
		infos, found := []python.Object{}, false
		for _, p := range s.Pools() {
			infos = append(infos, poolInfo(p))
			in, err := c.agent.matches(name, p.Name)
			if err != nil {
				return nil, err
			}
			found = found || in
		}
		if !found {
			return nil, noPool(name)
		}
		return python.Object{}.With("logicalPoolInfos", infos), nil
	})
}

// runFirstCapacity is that of the first generations: it answers the numbers of the
// first pool that the name matches, among those of the first physical pool.
func runFirstCapacity(c *call, s *storage.State) (python.Object, error) {
	name := c.get("logicalPoolName")
	for _, p := range s.Pools() {
		if p.Physical != s.Pools()[0].Physical {
			continue
		}
		if in, err := c.agent.matches(name, p.Name); err != nil {
			return nil, err
		} else if in {
			_, used := p.Usage()
			return python.Object{}.With("capacity", p.Capacity).With("usedSize", used), nil
		}
	}
	return nil, noPool(name)
}

func noPool(wanted any) error {
	return python.Errorf("cannot found logical pool[%s], you must create it manually", python.Str(wanted))
}

// mentions is `name in names`, of a list or, as the agent lets it be, a string.
func mentions(wanted any, name string) bool {
	switch wanted := wanted.(type) {
	case string:
		return strings.Contains(wanted, name)
	case []any:
		return slices.Contains(wanted, any(name))
	}
	return false
}

// poolInfo is the pool as capacity answers it. The numbers that the fake does not
// keep are those of the recorded exchanges.
func poolInfo(p *storage.Pool) python.Object {
	allocated, used := p.Usage()
	return python.Object{}.
		With("logicalPoolID", p.ID).With("logicalPoolName", p.Name).
		With("physicalPoolID", p.ID).With("physicalPoolName", p.Physical).
		With("type", 0).With("createTime", p.CreatedAtUnix).
		With("redundanceAndPlaceMentPolicy", python.Object{}.With("copysetNum", 300).With("replicaNum", 3).With("zoneNum", 3)).
		With("userPolicy", "eyJwb2xpY3kiOiAxfQ==").With("allocateStatus", 0).
		With("capacity", p.Capacity).With("usedSize", used).With("allocatedSize", allocated).
		With("rawUsedSize", 3*used).With("rawWalUsedSize", 0).With("quota", 0)
}
