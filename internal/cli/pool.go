package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) poolCommand() *cobra.Command {
	list := &cobra.Command{
		Use:   "list",
		Short: "Show the pools and how full they are",
		Example: `  zbsctl pool list
  zbsctl pool list -o json | jq '.pools[] | select(.usedSize > .capacity * 0.8)'`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(list)
	list.RunE = func(cmd *cobra.Command, _ []string) error { return a.poolList(cmd.Context(), *out) }
	return group("pool", "Look at pools", list)
}

// poolsDoc is the JSON and YAML of zbsctl pool list, a contract: see
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

func (a *app) poolList(ctx context.Context, out format) error {
	return a.withCluster(func(c cluster) error {
		pools, err := c.Pools(ctx)
		if err != nil {
			return err
		}
		return a.printPools(pools, out)
	})
}

func (a *app) printPools(pools []zbs.LogicalPool, out format) error {
	if out.machine() {
		doc := poolsDoc{Pools: make([]poolDoc, len(pools))}
		for i, p := range pools {
			doc.Pools[i] = poolDoc{p.Name, p.PhysicalName, int64(p.Redundancy.Replicas), int64(p.Capacity), int64(p.UsedSize), int64(p.AllocatedSize)}
		}
		return encode(a.stdout, out, doc)
	}
	t := table{header: []string{"POOL", "PHYSICAL", "CAPACITY", "USED", ""}}
	for _, p := range pools {
		t.add(cell{text: p.Name}, orDash(p.PhysicalName), cell{text: sizeText(int64(p.Capacity))}, cell{text: sizeText(int64(p.UsedSize))}, fullness(p))
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}

// fullness is a bar of what is used of the pool, red from 90 % on.
func fullness(p zbs.LogicalPool) cell {
	const width = 20
	if p.Capacity <= 0 {
		return orDash("")
	}
	share := float64(p.UsedSize) / float64(p.Capacity)
	full := min(max(int(share*width+0.5), 0), width)
	tone := green
	switch {
	case share >= 0.9:
		tone = red
	case share >= 0.75:
		tone = yellow
	}
	return cell{strings.Repeat("█", full) + strings.Repeat("░", width-full) + " " + percent(share), tone}
}
