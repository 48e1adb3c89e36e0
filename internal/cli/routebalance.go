package cli

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

type balanceOptions struct {
	ringFlags
	keys  int
	join  string
	leave string
}

// balanceCommand returns zbsctl route balance.
func balanceCommand(env *environment) *cobra.Command {
	var o balanceOptions
	cmd := &cobra.Command{
		Use:   "balance",
		Short: "Show how keys spread over the nodes, and what moves when one joins or leaves",
		Example: `  zbsctl route balance --nodes a,b,c
  zbsctl route balance --nodes a,b,c --leave b
  zbsctl route balance --nodes 10.0.0.1,10.0.0.2 --placement zstack --join 10.0.0.3`,
		Args: cobra.NoArgs,
	}
	o.add(cmd)
	cmd.Flags().IntVar(&o.keys, "keys", 100_000, "how many keys, random as UUIDs are and the same in every run")
	cmd.Flags().StringVar(&o.join, "join", "", "show what moves when this node joins")
	cmd.Flags().StringVar(&o.leave, "leave", "", "show what moves when this node leaves")
	out := outputFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error { return showBalance(env, o, *out) }
	return cmd
}

// balanceDoc is the JSON and YAML of zbsctl route balance. It is a contract: see
// docs/json-output.md.
type balanceDoc struct {
	Placement   string     `json:"placement"`
	Keys        int        `json:"keys"`
	Nodes       []nodeLoad `json:"nodes"`
	MaxOverMean float64    `json:"maxOverMean"`
	Moved       *movedDoc  `json:"moved,omitempty"`
}

type nodeLoad struct {
	Node  string  `json:"node"`
	Keys  int     `json:"keys"`
	Share float64 `json:"share"`
}

type movedDoc struct {
	Change string    `json:"change"` // such as "b leaves"
	Share  float64   `json:"share"`  // of all keys
	Flows  []flowDoc `json:"flows"`
}

type flowDoc struct {
	From  string  `json:"from"`
	To    string  `json:"to"`
	Share float64 `json:"share"`
}

func showBalance(env *environment, o balanceOptions, out format) error {
	ring, err := o.ring()
	if err != nil {
		return err
	}
	if o.keys < 1 || o.keys > 100_000_000 {
		return usagef("--keys %d, want 1 to 100000000", o.keys)
	}
	doc := balanceDoc{Placement: ring.Placement().String(), Keys: o.keys, Nodes: countKeys(ring, o.nodes, o.keys)}
	for _, n := range doc.Nodes {
		doc.MaxOverMean = max(doc.MaxOverMean, n.Share*float64(len(doc.Nodes)))
	}
	if doc.Moved, err = o.moved(ring); err != nil {
		return err
	}
	if out.machine() {
		return encode(env.stdout, out, doc)
	}
	printBalance(env, doc)
	return nil
}

// countKeys returns how many of the keys each node owns.
func countKeys(ring *hashring.Ring, nodes []string, keys int) []nodeLoad {
	count := make(map[string]int, len(nodes))
	random := rand.New(rand.NewPCG(1, 2))
	var key [16]byte
	var text [32]byte
	for range keys {
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		hex.Encode(text[:], key[:])
		owner, _ := ring.OwnerBytes(text[:])
		count[owner]++
	}
	loads := make([]nodeLoad, len(nodes))
	for i, node := range nodes {
		loads[i] = nodeLoad{node, count[node], float64(count[node]) / float64(keys)}
	}
	return loads
}

// moved returns how many keys change their owner, nil when no node joins or leaves.
func (o balanceOptions) moved(ring *hashring.Ring) (*movedDoc, error) {
	changed := ring.Clone()
	doc := &movedDoc{}
	switch {
	case o.join != "" && o.leave != "":
		return nil, usagef("--join and --leave exclude each other")
	case o.join != "":
		doc.Change = o.join + " joins"
		if !changed.Add(o.join) {
			return nil, usagef("--join %s: the node is in --nodes already", o.join)
		}
	case o.leave != "":
		doc.Change = o.leave + " leaves"
		if !changed.Remove(o.leave) {
			return nil, usagef("--leave %s: the node is not in --nodes", o.leave)
		}
	default:
		return nil, nil
	}
	delta := hashring.Diff(ring, changed)
	doc.Share = delta.Share
	for _, f := range delta.Flows {
		doc.Flows = append(doc.Flows, flowDoc{f.From, f.To, f.Share})
	}
	return doc, nil
}

// barWidth is the length of the longest bar, in characters.
const barWidth = 40

func printBalance(env *environment, doc balanceDoc) {
	highest := 0
	for _, n := range doc.Nodes {
		highest = max(highest, n.Keys)
	}
	t := term.Table{Header: []string{"NODE", "KEYS", "SHARE", ""}}
	for _, n := range doc.Nodes {
		bar := strings.Repeat("█", (n.Keys*barWidth+highest-1)/highest)
		t.Add(term.Text(n.Node), term.Text(fmt.Sprint(n.Keys)), term.Text(term.Percent(n.Share)), term.Cyan.Cell(bar))
	}
	env.printTable(&t)
	fmt.Fprintf(env.stdout, "\n%d keys, placement %s: the fullest node has %.2f times the mean\n", doc.Keys, doc.Placement, doc.MaxOverMean)
	if doc.Moved == nil {
		return
	}
	fmt.Fprintf(env.stdout, "\n%s: %s of the keys move\n", doc.Moved.Change, term.Percent(doc.Moved.Share))
	flows := term.Table{Header: []string{"FROM", "TO", "SHARE"}}
	for _, f := range doc.Moved.Flows {
		flows.Add(term.Text(f.From), term.Text(f.To), term.Text(term.Percent(f.Share)))
	}
	env.printTable(&flows)
}
