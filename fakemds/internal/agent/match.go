package agent

import (
	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// The agent looks pools and snapshots up by substring. An honest one compares names
// whole.

// matches reports whether the agent takes part for the name.
func (a *Agent) matches(part any, name string) (bool, error) {
	in, err := python.Contains(part, name)
	return in && (!a.cfg.Honest || part == name), err
}

// physicalPool looks up the physical pool of a logical one. The last pool that
// matches wins, so lp1 is found in lp10.
func (a *Agent) physicalPool(s *storage.State, logical any) (string, error) {
	physical := ""
	for _, p := range s.Pools() {
		in, err := a.matches(logical, p.Name)
		if err != nil {
			return "", err
		}
		if in {
			physical = p.Physical
		}
	}
	return physical, nil
}

// snapshotLike returns the first snapshot that the name matches, nil for none.
func (a *Agent) snapshotLike(v *storage.Volume, name any) (*storage.Snapshot, error) {
	for _, sn := range v.Snapshots {
		if in, err := a.matches(name, sn.Name); err != nil || in {
			return sn, err
		}
	}
	return nil, nil
}

// findMDS is the first MDS whose address contains addr, "" for none.
func (a *Agent) findMDS(addr any) (string, error) {
	for _, have := range a.mdsAddrs() {
		if in, err := python.Contains(addr, have); in || err != nil {
			return have, err
		}
	}
	return "", nil
}

// fillPhysical fills in the physical pool that an install path of the answer needs
// and that a request without a path lacks.
func (c *call) fillPhysical(s *storage.State) error {
	if !c.byName {
		return nil
	}
	var err error
	c.target.physical, err = c.agent.physicalPool(s, c.get("logicalPool"))
	return err
}
