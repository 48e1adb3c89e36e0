package zbs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrUnknownPool is wrapped by the error about a logical pool that a PoolMap
// does not have.
var ErrUnknownPool = errors.New("unknown logical pool")

// PoolMap tells which physical pool lies under each logical one, by exact name.
// The zero PoolMap has no pools. Concurrent reads are safe; a write needs a lock.
type PoolMap map[string]string

// PoolMap returns the map that the capacity answer describes. It fails when the
// answer puts one logical pool on two physical ones.
func (c Capacity) PoolMap() (PoolMap, error) {
	pools := make(PoolMap, len(c.Pools))
	for _, pool := range c.Pools {
		if other, ok := pools[pool.Name]; ok && other != pool.PhysicalName {
			return nil, fmt.Errorf("%w: logical pool %q is on %q and on %q", ErrMalformed, pool.Name, other, pool.PhysicalName)
		}
		pools[pool.Name] = pool.PhysicalName
	}
	return pools, nil
}

// CBDPath spells p as agents take it. Errors wrap ErrInvalidPath, or
// ErrUnknownPool when the map does not have p's logical pool.
func (m PoolMap) CBDPath(p Path) (CBDPath, error) {
	if err := p.Validate(); err != nil {
		return CBDPath{}, err
	}
	physical, ok := m[p.Pool]
	if !ok {
		return CBDPath{}, fmt.Errorf("%w %q, the cluster has %s", ErrUnknownPool, p.Pool, m.names())
	}
	cbd := CBDPath{PhysicalPool: physical, Path: p}
	return cbd, cbd.Validate()
}

func (m PoolMap) names() string {
	if len(m) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
