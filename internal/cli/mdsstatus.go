package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// mdsStatusCommand returns zbsctl mds status.
func mdsStatusCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Ping every MDS and show its state",
		Long: `Ping every MDS and show its state. This changes nothing on the agents.

` + health.Legend + `
The column CLUSTER is shown with -o wide, and when the MDS name several clusters.
The exit code is 0 when every MDS serves, 4 when none answers, else 1.`,
		Example: `  zbsctl mds status --mds mds-a,mds-b,mds-c --timeout 3s
  zbsctl mds status -o json`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return showStatus(cmd.Context(), env, to, *out) }
	return cmd
}

func showStatus(ctx context.Context, env *environment, to *target, out format) error {
	return to.withCluster(func(c cluster) error {
		healths := mds.Probe(ctx, c.Caller)
		_, _, wrong := mds.OneCluster(healths)
		table := statusTable(healths, out == formatWide || wrong != nil)
		if err := env.show(out, statusDocOf(healths), table); err != nil {
			return err
		}
		reportHealths(env, healths)
		return nil
	})
}

// statusDoc is the JSON and YAML of zbsctl mds status. It is a contract: see
// docs/json-output.md.
type statusDoc struct {
	MDS []health.Doc `json:"mds"`
}

func statusDocOf(healths []mds.Health) statusDoc {
	doc := statusDoc{MDS: make([]health.Doc, len(healths))}
	for i, h := range healths {
		doc.MDS[i] = health.DocOf(h)
		doc.MDS[i].Behind = behind(healths, h)
	}
	return doc
}

// statusTable is the table of zbsctl mds status. Without the clusters it fits into 80
// columns, but for the reasons.
func statusTable(healths []mds.Health, clusters bool) *term.Table {
	t := &term.Table{Header: []string{"MDS", "STATE", "GEN", "AGENT", "VERSION", "LATENCY", "BREAKER"}}
	if clusters {
		t.Header = append(t.Header, "CLUSTER")
	}
	t.Header = append(t.Header, "REASON")
	for _, h := range healths {
		latency := "-"
		if h.Latency > 0 {
			latency = term.Took(h.Latency)
		}
		row := []term.Cell{
			term.Text(h.Addr.String()), health.Of(h).Cell(), generationCell(healths, h), term.OrDash(h.Agent.AgentVersion),
			term.OrDash(h.Cluster.Version), term.Text(latency), term.Text(string(h.Breaker)),
		}
		if clusters {
			row = append(row, term.OrDash(h.Cluster.UUID))
		}
		t.Add(append(row, term.Dim.Cell(health.Reason(h)))...)
	}
	return t
}

// reportHealths prints an error when the MDS belong to several clusters, and sets the
// exit code for their states.
func reportHealths(env *environment, healths []mds.Health) {
	_, _, wrong := mds.OneCluster(healths)
	if wrong != nil {
		env.printError(wrong)
	}
	env.exitWith(statusCode(healths, wrong))
}

// statusCode returns done when all MDS serve one cluster, and cannot tell when none
// answers. wrong is why they are not of one cluster.
func statusCode(healths []mds.Health, wrong error) int {
	serving, down := 0, 0
	for _, h := range healths {
		switch health.Of(h) {
		case health.Serving:
			serving++
		case health.Down:
			down++
		default: // it answers, and is no use
		}
	}
	switch {
	case wrong == nil && serving == len(healths):
		return exitDone
	case down == len(healths):
		return exitCannotTell
	default:
		return exitFailed
	}
}

// generationCell shows the generation of the agent, and marks an old one among newer
// ones.
func generationCell(healths []mds.Health, h mds.Health) term.Cell {
	switch {
	case h.Can == zbs.Capabilities{}:
		return term.Dim.Cell("-")
	case behind(healths, h):
		return term.Yellow.Cell(h.Can.Generation() + ", behind")
	}
	return term.Text(h.Can.Generation())
}

// behind reports whether the agent is older than one of the others.
func behind(healths []mds.Health, h mds.Health) bool {
	return slices.ContainsFunc(healths, func(other mds.Health) bool { return h.Can.OlderThan(other.Can) })
}
