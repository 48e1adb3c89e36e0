package cli

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/hashring"
)

// ringOptions are the flags that make a ring.
type ringOptions struct {
	nodes     []string
	placement string
}

func (o *ringOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.nodes, "nodes", nil, "nodes of the ring, with commas between")
	cmd.Flags().StringVar(&o.placement, "placement", hashring.Default.String(), "placement: default or zstack")
	cmd.MarkFlagRequired("nodes")
	cmd.RegisterFlagCompletionFunc("placement", cobra.FixedCompletions(
		[]string{hashring.Default.String(), hashring.ZStack.String()}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *ringOptions) ring() (*hashring.Ring, error) {
	placement, err := hashring.ParsePlacement(o.placement)
	if err != nil {
		return nil, &usageError{err}
	}
	for i, node := range o.nodes {
		if node == "" || slices.Contains(o.nodes[:i], node) {
			return nil, usagef("node %d of --nodes, %q, is empty or there twice", i+1, node)
		}
	}
	if len(o.nodes) > hashring.MaxNodes {
		return nil, usagef("%d nodes, a ring takes %d", len(o.nodes), hashring.MaxNodes)
	}
	return hashring.New(placement, o.nodes...), nil
}

func (a *app) routeCommand() *cobra.Command {
	var ring ringOptions
	var owners int
	cmd := &cobra.Command{
		Use:   "route KEY...",
		Short: "Show which node owns a key, and who follows",
		Long: `Show which node owns each key, and in which order the others follow.

The default placement orders the MDS of a call by the volume's install path; the
zstack placement answers what ZStack's management nodes answer.`,
		Example: `  zbsctl route zbs://pool/volume --nodes mds-a:7763,mds-b:7763,mds-c:7763
  zbsctl route 4f1b6c0e9d3a --nodes mn-1,mn-2 --placement zstack --owners 1`,
		Args: cobra.MinimumNArgs(1),
	}
	ring.flags(cmd)
	cmd.Flags().IntVar(&owners, "owners", 0, "how many nodes to show per key (default: all)")
	out := outputFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, keys []string) error { return a.route(keys, ring, owners, *out) }
	cmd.AddCommand(a.balanceCommand())
	return cmd
}

// routeDoc is the JSON and YAML of zbsctl route, a contract: see
// docs/json-output.md.
type routeDoc struct {
	Placement string      `json:"placement"`
	Routes    []keyOwners `json:"routes"`
}

type keyOwners struct {
	Key    string   `json:"key"`
	Owners []string `json:"owners"`
}

func (a *app) route(keys []string, o ringOptions, owners int, out format) error {
	ring, err := o.ring()
	if err != nil {
		return err
	}
	if owners < 0 {
		return usagef("--owners %d, want 1 or more", owners)
	}
	if owners == 0 {
		owners = ring.Len()
	}
	doc := routeDoc{Placement: ring.Placement().String()}
	for _, key := range keys {
		doc.Routes = append(doc.Routes, keyOwners{key, ring.Owners(key, owners)})
	}
	if out.machine() {
		return encode(a.stdout, out, doc)
	}
	t := table{header: []string{"KEY", "OWNER", "THEN"}}
	for _, r := range doc.Routes {
		t.add(cell{text: r.Key}, cell{r.Owners[0], cyan}, cell{text: strings.Join(r.Owners[1:], ", ")})
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}

type balanceOptions struct {
	ringOptions
	keys  int
	join  string
	leave string
}

func (a *app) balanceCommand() *cobra.Command {
	var o balanceOptions
	cmd := &cobra.Command{
		Use:   "balance",
		Short: "Show how keys spread over the nodes, and what moves when one joins or leaves",
		Example: `  zbsctl route balance --nodes a,b,c
  zbsctl route balance --nodes a,b,c --leave b
  zbsctl route balance --nodes 10.0.0.1,10.0.0.2 --placement zstack --join 10.0.0.3`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&o.keys, "keys", 100_000, "how many keys, random as UUIDs are and the same in every run")
	cmd.Flags().StringVar(&o.join, "join", "", "show what moves when this node joins")
	cmd.Flags().StringVar(&o.leave, "leave", "", "show what moves when this node leaves")
	out := outputFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error { return a.balance(o, *out) }
	return cmd
}

// balanceDoc is the JSON and YAML of zbsctl route balance, a contract: see
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

func (a *app) balance(o balanceOptions, out format) error {
	ring, err := o.ring()
	if err != nil {
		return err
	}
	if o.keys < 1 || o.keys > 100_000_000 {
		return usagef("--keys %d, want 1 to 100000000", o.keys)
	}
	doc := balanceDoc{Placement: ring.Placement().String(), Keys: o.keys, Nodes: load(ring, o.nodes, o.keys)}
	for _, n := range doc.Nodes {
		doc.MaxOverMean = max(doc.MaxOverMean, n.Share*float64(len(doc.Nodes)))
	}
	if doc.Moved, err = o.moved(ring); err != nil {
		return err
	}
	if out.machine() {
		return encode(a.stdout, out, doc)
	}
	a.printBalance(doc)
	return nil
}

// load counts the keys of each node.
func load(ring *hashring.Ring, nodes []string, keys int) []nodeLoad {
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

// moved says which keys change their owner, nil when nobody joins or leaves.
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

func (a *app) printBalance(doc balanceDoc) {
	highest := 0
	for _, n := range doc.Nodes {
		highest = max(highest, n.Keys)
	}
	t := table{header: []string{"NODE", "KEYS", "SHARE", ""}}
	for _, n := range doc.Nodes {
		bar := strings.Repeat("█", (n.Keys*barWidth+highest-1)/highest)
		t.add(cell{text: n.Node}, cell{text: fmt.Sprint(n.Keys)}, cell{text: percent(n.Share)}, cell{bar, cyan})
	}
	t.print(a.stdout, a.coloured(a.stdout))
	fmt.Fprintf(a.stdout, "\n%d keys, placement %s: the fullest node has %.2f times the mean\n", doc.Keys, doc.Placement, doc.MaxOverMean)
	if doc.Moved == nil {
		return
	}
	fmt.Fprintf(a.stdout, "\n%s: %s of the keys move\n", doc.Moved.Change, percent(doc.Moved.Share))
	flows := table{header: []string{"FROM", "TO", "SHARE"}}
	for _, f := range doc.Moved.Flows {
		flows.add(cell{text: f.From}, cell{text: f.To}, cell{text: percent(f.Share)})
	}
	flows.print(a.stdout, a.coloured(a.stdout))
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
