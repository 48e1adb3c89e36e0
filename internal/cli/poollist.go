package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/zbs"
)

// poolListCommand returns zbsctl pool list.
func poolListCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the pools and how full they are",
		Example: `  zbsctl pool list
  zbsctl pool list -o json | jq '.pools[] | select(.usedSize > .capacity * 0.8)'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return listPools(cmd.Context(), env, to, *out) }
	return cmd
}

// poolsDoc is the JSON and YAML of zbsctl pool list. It is a contract: see
// docs/json-output.md.
type poolsDoc struct {
	Pools []poolDoc `json:"pools"`
}

type poolDoc struct {
	Pool          string `json:"pool"`
	Physical      string `json:"physical"`
	Replicas      int64  `json:"replicas"`
	Capacity      int64  `json:"capacity"`
	UsedSize      int64  `json:"usedSize"`
	AllocatedSize int64  `json:"allocatedSize"`
}

func listPools(ctx context.Context, env *environment, to *target, out format) error {
	return to.withCluster(func(c cluster) error {
		pools, err := c.Pools(ctx)
		if err != nil {
			return err
		}
		return env.show(out, poolsDocOf(pools), poolsTable(pools))
	})
}

func poolsDocOf(pools []zbs.LogicalPool) poolsDoc {
	doc := poolsDoc{Pools: make([]poolDoc, len(pools))}
	for i, p := range pools {
		doc.Pools[i] = poolDoc{p.Name, p.PhysicalName, int64(p.Redundancy.Replicas), int64(p.Capacity), int64(p.UsedSize), int64(p.AllocatedSize)}
	}
	return doc
}

func poolsTable(pools []zbs.LogicalPool) *term.Table {
	t := &term.Table{Header: []string{"POOL", "PHYSICAL", "CAPACITY", "USED", ""}}
	for _, p := range pools {
		t.Add(term.Text(p.Name), term.OrDash(p.PhysicalName), term.Text(sizeText(int64(p.Capacity))), term.Text(sizeText(int64(p.UsedSize))), fullness(p))
	}
	return t
}

// fullness returns a bar of how full the pool is, red from 90 % on.
func fullness(p zbs.LogicalPool) term.Cell {
	const width = 20
	if p.Capacity <= 0 {
		return term.OrDash("")
	}
	share := float64(p.UsedSize) / float64(p.Capacity)
	full := min(max(int(share*width+0.5), 0), width)
	tone := term.Green
	switch {
	case share >= 0.9:
		tone = term.Red
	case share >= 0.75:
		tone = term.Yellow
	}
	return tone.Cell(strings.Repeat("█", full) + strings.Repeat("░", width-full) + " " + term.Percent(share))
}
