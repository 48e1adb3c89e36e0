package fakemds

import (
	"fmt"
	"strings"
)

// Generation is one version of the agent: the paths that it has, the names of
// its fields, and its quirks. The zero Generation is none, and no node takes it.
type Generation int

// The generations, oldest first. G6z and G7e are side lines of G5 and G7. G7 was
// never read: it is G9 without what is known to be later.
const (
	_   Generation = iota
	G1             // 5.2.0 and 5.2.1: its facts writes client.conf
	G2             // 5.3.0: facts is a read; has client/deploy
	G3             // 5.3.1: no facts; ping asks for a leader only
	G4             // 5.3.20 to 5.3.22: capacity answers all pools
	G5             // 5.3.28: volume/cbdtonbd takes a portRange
	G6             // 5.4.0: has volume/query/batch
	G6z            // ZSV 4.10.10 to 4.10.16: volume/flatten instead of the batch
	G7             // the first with paths, metadata/sync and volume/clients
	G7e            // has snapshot/query; its volume/query/batch always fails
	G8             // has vhost/*, all with ssh fields
	G9             // has resource/usage; block devices need no ssh fields. The default
	G10            // vhost/check and vhost/target/health instead of vhost/deploy and vhost/destroy
)

var generationNames = map[Generation]string{
	G1: "G1", G2: "G2", G3: "G3", G4: "G4", G5: "G5", G6: "G6", G6z: "G6z",
	G7: "G7", G7e: "G7e", G8: "G8", G9: "G9", G10: "G10",
}

// AllGenerations returns every generation, oldest first.
func AllGenerations() []Generation {
	var all []Generation
	for g := G1; g <= G10; g++ {
		all = append(all, g)
	}
	return all
}

// ParseGeneration reads what String writes, such as "G7e"; the case of the letters
// does not matter. The error names all generations.
func ParseGeneration(text string) (Generation, error) {
	var names []string
	for _, g := range AllGenerations() {
		if strings.EqualFold(g.String(), strings.TrimSpace(text)) {
			return g, nil
		}
		names = append(names, g.String())
	}
	return 0, fmt.Errorf("unknown generation %q, want one of %s", text, strings.Join(names, ", "))
}

// String is the name of the generation, such as "G7e".
func (g Generation) String() string {
	if name, ok := generationNames[g]; ok {
		return name
	}
	return fmt.Sprintf("Generation(%d)", int(g))
}

// check reports a number that is no generation.
func (g Generation) check() error {
	if _, ok := generationNames[g]; !ok {
		return fmt.Errorf("fakemds: %v is no generation, want one of AllGenerations", g)
	}
	return nil
}

// traits are the small differences of a generation inside handlers that several
// generations share. The larger ones have a handler of their own, see steps.
type traits struct {
	lun         bool // texts say lun, not volume
	parent      bool // volume/query answers parentUri
	unit        bool // create and expand read unit, else they count GiB
	dstPool     bool // copy reads dstPool
	existsCheck bool // volume/clients looks whether the volume exists
	version     bool // metadata/sync keeps agentVersion, ping answers it
	serial      bool // metadata/sync answers the server's serial number
}

var (
	oldTraits = traits{lun: true}
	newTraits = traits{parent: true, unit: true, dstPool: true, existsCheck: true, version: true}
)

var generationTraits = map[Generation]traits{
	G1: oldTraits, G2: oldTraits, G3: oldTraits, G4: oldTraits, G5: oldTraits, G6: oldTraits,
	G6z: {parent: true},
	G7:  newTraits,
	G7e: {parent: true, unit: true},
	G8:  newTraits,
	G9:  newTraits.withSerial(),
	G10: newTraits.withSerial(),
}

func (t traits) withSerial() traits { t.serial = true; return t }

// noun is what the texts of the generation call a volume.
func (t traits) noun() string {
	if t.lun {
		return "lun"
	}
	return "volume"
}

// Generations starts node i as an agent of the i-th generation, and the nodes
// behind the last one named as that. Start refuses more generations than nodes.
// The default is G9 for all.
func Generations(g ...Generation) Option { return func(c *config) { c.generations = g } }

// generation is what node i starts as.
func (c config) generation(i int) Generation {
	if len(c.generations) == 0 {
		return G9
	}
	return c.generations[min(i, len(c.generations)-1)]
}

// checkGenerations reports what is wrong with Generations for a cluster of n nodes.
func (c config) checkGenerations(n int) error {
	if len(c.generations) > n {
		return fmt.Errorf("fakemds: %d generations for %d nodes: give one for each node at most", len(c.generations), n)
	}
	for _, g := range c.generations {
		if err := g.check(); err != nil {
			return err
		}
	}
	return nil
}

// Generation is what the node's agent is.
func (n *Node) Generation() Generation {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.agent.generation
}

// SetGeneration makes the node's agent one of another generation, for the set-up
// of a test: the process goes on and remembers metadata/sync. Requests that are
// running finish as they began. Upgrade does what an upgrade does. A number that
// is no generation ends the test or, in a program, panics.
func (n *Node) SetGeneration(g Generation) {
	n.cluster.fail(g.check())
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent.generation = g
}

// Upgrade replaces the node's agent by one of another generation, newer or older:
// Stop, SetGeneration, Start. Connections are cut, work in flight is lost, and
// metadata/sync is forgotten; faults, NBD exports and client.conf stay. The error
// is that of Start, or says that g is no generation, and then nothing happened.
func (n *Node) Upgrade(g Generation) error {
	if err := g.check(); err != nil {
		return err
	}
	n.Stop()
	n.SetGeneration(g)
	return n.Start()
}
