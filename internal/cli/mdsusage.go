package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// mdsUsageCommand returns zbsctl mds usage.
func mdsUsageCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "usage [MDS...]",
		Short: "Show the resources that the storage's processes use on the MDS nodes",
		Long: `Show the resources that the storage's processes use on the nodes of these MDS, or of
all: a row for each control group that runs there.`,
		Example: `  zbsctl mds usage
  zbsctl mds usage mds-a -o json | jq '.mds[].cgroups[] | {cgroup, memory}'`,
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return showUsage(cmd.Context(), env, to, args, *out) }
	return cmd
}

// nodeUsage is the answer of one MDS about its node.
type nodeUsage struct {
	addr  zbs.Addr
	usage zbs.ResourceUsage
	err   error
}

func showUsage(ctx context.Context, env *environment, to *target, args []string, out format) error {
	var addrs []zbs.Addr
	for _, arg := range args {
		addr, err := zbs.ParseAddr(arg)
		if err != nil {
			return err
		}
		addrs = append(addrs, addr)
	}
	return to.withCluster(func(c cluster) error {
		for _, addr := range addrs {
			if !slices.Contains(c.Addrs(), addr) {
				return fmt.Errorf("%w: %s is none of the list", mds.ErrNoCandidates, addr)
			}
		}
		if len(addrs) == 0 {
			addrs = c.Addrs()
		}
		answers := askEach(addrs, func(addr zbs.Addr) nodeUsage {
			usage, err := c.ResourceUsage(ctx, addr)
			return nodeUsage{addr, usage, err}
		})
		if err := env.show(out, usageDocOf(answers), usageTable(answers)); err != nil {
			return err
		}
		for _, answer := range answers {
			if answer.err != nil {
				env.failed(answer.err)
			}
		}
		return nil
	})
}

// usageDoc is the JSON and YAML of zbsctl mds usage. It is a contract: see
// docs/json-output.md.
type usageDoc struct {
	MDS []nodeDoc `json:"mds"`
}

type nodeDoc struct {
	MDS     string      `json:"mds"`
	Serial  string      `json:"serial,omitempty"`
	Cgroups []cgroupDoc `json:"cgroups"` // null when nothing is known
	Error   string      `json:"error,omitempty"`
}

type cgroupDoc struct {
	Cgroup      string `json:"cgroup"`
	CPUs        string `json:"cpuSet"`
	CPUTime     int64  `json:"cpuTime"`
	Memory      int64  `json:"memory"`
	MemoryLimit int64  `json:"memoryLimit"`
}

func usageDocOf(answers []nodeUsage) usageDoc {
	doc := usageDoc{MDS: make([]nodeDoc, len(answers))}
	for i, n := range answers {
		doc.MDS[i] = n.doc()
	}
	return doc
}

func (n nodeUsage) doc() nodeDoc {
	if n.err != nil {
		return nodeDoc{MDS: n.addr.String(), Error: n.err.Error()}
	}
	doc := nodeDoc{MDS: n.addr.String(), Serial: n.usage.Serial, Cgroups: []cgroupDoc{}}
	for _, u := range n.usage.Usages {
		doc.Cgroups = append(doc.Cgroups, cgroupDoc{u.Cgroup, u.CPUs, int64(u.CPUTime), int64(u.Memory), int64(u.MemoryLimit)})
	}
	return doc
}

func usageTable(answers []nodeUsage) *term.Table {
	t := &term.Table{Header: []string{"MDS", "CGROUP", "CPUS", "CPU TIME", "MEMORY", "LIMIT"}}
	for _, n := range answers {
		n.rows(t)
	}
	return t
}

// rows adds a row for each control group, or one that says why there is none.
func (n nodeUsage) rows(t *term.Table) {
	none := func(why term.Cell) {
		t.Add(term.Text(n.addr.String()), why, term.OrDash(""), term.OrDash(""), term.OrDash(""), term.OrDash(""))
	}
	switch {
	case n.err != nil:
		none(term.Red.Cell("cannot tell"))
	case len(n.usage.Usages) == 0:
		none(term.Yellow.Cell("none runs"))
	}
	for _, u := range n.usage.Usages {
		limit := "none"
		if u.MemoryLimit > 0 {
			limit = sizeText(int64(u.MemoryLimit))
		}
		t.Add(term.Text(n.addr.String()), term.Text(u.Cgroup), term.OrDash(u.CPUs), term.Text(strconv.FormatInt(int64(u.CPUTime), 10)),
			term.Text(sizeText(int64(u.Memory))), term.Text(limit))
	}
}
