package zbs

import "fmt"

// suited is a command that not every agent newer than G6z takes in the same form.
type suited interface {
	// ask returns an endpoint that must be known before suit can decide.
	ask(c Capabilities) (Endpoint, bool)
	// suit returns the fields for an agent with the capabilities.
	suit(c Capabilities) (any, error)
}

// NextFor returns an endpoint that Suit needs to know about before it can decide how
// an agent takes the command. It returns false when enough is known.
func NextFor(command any, e Endpoint, c Capabilities) (Endpoint, bool) {
	switch {
	case e.Universal() || c.TooOld():
		return Endpoint{}, false
	case !c.Knows(EndpointVolumeClients):
		return EndpointVolumeClients, true
	}
	if s, ok := command.(suited); ok {
		return s.ask(c)
	}
	if SecretOf(command) != "" && !c.Knows(e) {
		return e, true // a password goes to no agent that would answer 404
	}
	return Endpoint{}, false
}

// Suit returns the command as an agent with the capabilities takes it: with the
// fields that the agent needs, and without a password that it does not need.
// NextFor must have found that enough is known.
//
// Errors wrap ErrAgentTooOld, ErrUnsupported or ErrHostAccess: then nothing may be
// sent to the agent.
func Suit(command any, e Endpoint, c Capabilities) (any, error) {
	if e.Universal() {
		return command, nil
	}
	if err := c.CheckAge(); err != nil {
		return nil, err
	}
	if c.Lacks(e) {
		return nil, unsupported(e, c)
	}
	if s, ok := command.(suited); ok {
		return s.suit(c)
	}
	return command, nil
}

// CheckAge returns an error that wraps ErrAgentTooOld, and says what to do, for an
// agent that is known to misread commands.
func (c Capabilities) CheckAge() error {
	if !c.TooOld() {
		return nil
	}
	return fmt.Errorf("%w: it is of %s (%s) and would misread the command; upgrade ZStack there, or take this MDS off the list; a wrong root path looks the same",
		ErrAgentTooOld, c.Releases(), c.Generation())
}

func unsupported(e Endpoint, c Capabilities) error {
	err := fmt.Errorf("%w: it has no %s (generation %s)", ErrUnsupported, e.Name, c.Generation())
	deploys := e.Name == EndpointVhostDeploy.Name || e.Name == EndpointVhostDestroy.Name
	if deploys && !c.Lacks(EndpointVhostCheck) {
		return fmt.Errorf("%w; since G10 vhost comes with ZStone, and %s tells whether it runs", err, EndpointVhostCheck.Name)
	}
	return err
}

// sinceG9 reports whether the agent is known to be of G9 or newer. These have
// resource/usage, or vhost/check in the place of vhost/deploy.
func sinceG9(c Capabilities) bool { return c.Has(EndpointResourceUsage) || c.Has(EndpointVhostCheck) }

// askG9 returns the endpoint to ask about next before sinceG9 is known.
func askG9(c Capabilities) (Endpoint, bool) {
	switch {
	case sinceG9(c):
		return Endpoint{}, false
	case !c.Knows(EndpointResourceUsage):
		return EndpointResourceUsage, true
	case !c.Knows(EndpointVhostCheck):
		return EndpointVhostCheck, true
	}
	return Endpoint{}, false
}

// Capacity is asked in both dialects at once. G7e takes one pool and fails without
// it; the others ignore that field. The empty name is a part of every name, and so
// stands for all pools there.
func (c GetCapacity) ask(Capabilities) (Endpoint, bool) { return Endpoint{}, false }

func (c GetCapacity) suit(Capabilities) (any, error) {
	fields := struct {
		GetCapacity
		LogicalPool string `json:"logicalPool"`
	}{GetCapacity: c}
	if len(c.LogicalPools) > 0 {
		fields.LogicalPool = c.LogicalPools[0]
	}
	return fields, nil
}

// The batch query of G7e always fails. It is the one with snapshot/query and without
// block devices.
func (c QueryVolumes) ask(have Capabilities) (Endpoint, bool) {
	switch {
	case !have.Knows(EndpointSnapshotQuery):
		return EndpointSnapshotQuery, true
	case have.Lacks(EndpointSnapshotQuery):
		return Endpoint{}, false
	}
	return EndpointVhostBdevCreate, !have.Knows(EndpointVhostBdevCreate)
}

func (c QueryVolumes) suit(have Capabilities) (any, error) {
	if have.Has(EndpointSnapshotQuery) && have.Lacks(EndpointVhostBdevCreate) {
		return nil, fmt.Errorf("%w: the batch query of generation %s always fails; query volumes one by one", ErrUnsupported, have.Generation())
	}
	return c, nil
}

// Only agents since G9 are known to heed dstPool. Others copy into the pool of the
// source, whatever they are told.
func (c CopySnapshot) ask(have Capabilities) (Endpoint, bool) {
	if c.DstPool == "" || c.DstPool == c.Path.Pool {
		return Endpoint{}, false
	}
	return askG9(have)
}

func (c CopySnapshot) suit(have Capabilities) (any, error) {
	if c.DstPool == c.Path.Pool {
		c.DstPool = ""
	}
	if c.DstPool != "" && !sinceG9(have) {
		return nil, fmt.Errorf("%w: one of generation %s copies into pool %s, whatever other pool it is told", ErrUnsupported, have.Generation(), c.Path.Pool)
	}
	return c, nil
}

func (c CreateBdev) ask(have Capabilities) (Endpoint, bool) {
	return askBdev(EndpointVhostBdevCreate, have)
}

func (c CreateBdev) suit(have Capabilities) (any, error) {
	host, err := c.Host.suit(have)
	c.Host = host
	return c, err
}

func (c DeleteBdev) ask(have Capabilities) (Endpoint, bool) {
	return askBdev(EndpointVhostBdevDelete, have)
}

func (c DeleteBdev) suit(have Capabilities) (any, error) {
	host, err := c.Host.suit(have)
	c.Host = host
	return c, err
}

// ask looks for the endpoint itself first: agents since G10 have none.
func (c DestroyVhost) ask(have Capabilities) (Endpoint, bool) {
	switch {
	case !have.Knows(EndpointVhostDestroy):
		return EndpointVhostDestroy, true
	case have.Lacks(EndpointVhostDestroy):
		return Endpoint{}, false
	}
	return askG9(have)
}

func (c DestroyVhost) suit(have Capabilities) (any, error) {
	host, err := c.Host.suit(have)
	c.Host = host
	return c, err
}

// askBdev asks also for the endpoint itself where a password would be sent to it.
func askBdev(e Endpoint, have Capabilities) (Endpoint, bool) {
	if next, more := askG9(have); more || sinceG9(have) || have.Knows(e) {
		return next, more
	}
	return e, true
}

// suit leaves out what agents since G9 do not need: they know their hosts.
func (h HostAccess) suit(have Capabilities) (HostAccess, error) {
	switch {
	case sinceG9(have):
		return HostAccess{IP: h.IP}, nil
	case h.addressOnly():
		return h, fmt.Errorf("%w %s: it is of generation %s; give user and password", ErrHostAccess, h.IP, have.Generation())
	}
	return h, nil
}
