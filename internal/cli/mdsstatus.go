package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
)

// mdsStatusCommand returns zbsctl mds status.
func mdsStatusCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Ping every MDS and show how it is",
		Long: `Ping every MDS and show how it is. Nothing on the agents is changed.

` + mdsStates + `
The exit code is 0 when every MDS serves, 4 when none gave an answer, else 1.`,
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
		if err := env.show(out, statusDocOf(healths), statusTable(healths)); err != nil {
			return err
		}
		reportHealths(env, healths)
		return nil
	})
}

// statusDoc is the JSON and YAML of zbsctl mds status. It is a contract: see
// docs/json-output.md.
type statusDoc struct {
	MDS []mdsDoc `json:"mds"`
}

func statusDocOf(healths []mds.Health) statusDoc {
	doc := statusDoc{MDS: make([]mdsDoc, len(healths))}
	for i, h := range healths {
		doc.MDS[i] = mdsDocOf(h)
		doc.MDS[i].Behind = behind(healths, h)
	}
	return doc
}

func statusTable(healths []mds.Health) *table {
	t := &table{header: []string{"MDS", "STATE", "CLUSTER", "VERSION", "AGENT", "GEN", "LATENCY", "BREAKER", "REASON"}}
	for _, h := range healths {
		latency := "-"
		if h.Latency > 0 {
			latency = took(h.Latency)
		}
		t.add(cell{text: h.Addr.String()}, stateOf(h).cell(), orDash(h.Cluster.UUID), orDash(h.Cluster.Version),
			orDash(h.Agent.AgentVersion), generationCell(healths, h), cell{text: latency}, cell{text: string(h.Breaker)}, cell{reason(h), dim})
	}
	return t
}
