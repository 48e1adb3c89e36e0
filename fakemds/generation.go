package fakemds

import (
	"fmt"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
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

// The list is that of agent.Generation: this does not compile if it is not as long.
var _ = [1]bool{}[G10-Generation(agent.G10)]

// AllGenerations returns every generation, oldest first.
func AllGenerations() []Generation {
	var all []Generation
	for _, g := range agent.Generations() {
		all = append(all, Generation(g))
	}
	return all
}

// ParseGeneration reads what String writes, such as "G7e"; the case of the letters
// does not matter. The error names all generations.
func ParseGeneration(text string) (Generation, error) {
	g, err := agent.ParseGeneration(text)
	return Generation(g), err
}

// String is the name of the generation, such as "G7e".
func (g Generation) String() string { return agent.Generation(g).String() }

// check reports a number that is no generation.
func (g Generation) check() error {
	if !agent.Generation(g).Valid() {
		return fmt.Errorf("fakemds: %v is no generation, want one of AllGenerations", g)
	}
	return nil
}
