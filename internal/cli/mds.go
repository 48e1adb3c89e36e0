package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) mdsCommand() *cobra.Command {
	return group("mds", "Look at the MDS themselves", a.mdsStatusCommand(), a.mdsTopCommand(), a.mdsUsageCommand())
}

// mdsStates are what stateOf tells apart.
const mdsStates = `  serving   answers, and belongs to the cluster it says
  unsynced  answers, but lists no clients whatever the truth: it was restarted
            and waits for ZStack to send it metadata/sync
  old       an agent up to ZStack 5.4.0 or ZSV 4.10, which must not be used
  refusing  answers that it does not serve, such as without a leader
  down      gives no answer
`

func (a *app) mdsStatusCommand() *cobra.Command {
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.mdsStatus(cmd.Context(), *out) }
	return cmd
}

func (a *app) mdsStatus(ctx context.Context, out format) error {
	return a.withCluster(func(c cluster) error {
		healths := mds.Probe(ctx, c.Caller)
		if err := a.printHealths(healths, out); err != nil {
			return err
		}
		a.judge(healths)
		return nil
	})
}

// judge sets the exit code that the MDS amount to.
func (a *app) judge(healths []mds.Health) {
	_, _, wrong := mds.OneCluster(healths)
	if wrong != nil {
		a.printError(wrong)
	}
	a.code = statusCode(healths, wrong)
}

// statusCode is done when all serve one cluster, and cannot tell when nobody
// answered.
func statusCode(healths []mds.Health, wrong error) int {
	serving, down := 0, 0
	for _, h := range healths {
		switch stateOf(h).text {
		case "serving":
			serving++
		case "down":
			down++
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

func stateOf(h mds.Health) cell {
	_, denied := errors.AsType[*zbs.AgentError](h.Err)
	switch {
	case h.Err == nil && (h.Agent.Synced() || !h.Can.TellsVersion()):
		return cell{"serving", green}
	case h.Err == nil:
		return cell{"unsynced", yellow}
	case errors.Is(h.Err, mds.ErrAgentTooOld):
		return cell{"old", red}
	case denied:
		return cell{"refusing", red}
	default:
		return cell{"down", red}
	}
}

// reason says why an MDS does not serve, without what the table shows already.
func reason(h mds.Health) string {
	if walk, ok := errors.AsType[*mds.WalkError](h.Err); ok && len(walk.Attempts) > 0 {
		last := walk.Attempts[len(walk.Attempts)-1]
		text := last.Err.Error()
		if no, ok := errors.AsType[*zbs.AgentError](last.Err); ok {
			text = no.Reason()
		}
		if last.Phase == mds.PhaseGeneration {
			return text // whatever it was asked
		}
		return walk.Op + ": " + string(last.Phase) + ": " + text
	}
	switch {
	case h.Err != nil:
		return h.Err.Error()
	case !h.Agent.Synced() && !h.Can.TellsVersion():
		return "an agent of " + h.Can.Generation() + " never says whether it was synced"
	}
	return ""
}

func (a *app) printHealths(healths []mds.Health, out format) error {
	if out.machine() {
		doc := statusDoc{MDS: make([]mdsDoc, len(healths))}
		for i, h := range healths {
			doc.MDS[i] = mdsDocOf(h)
			doc.MDS[i].Behind = behind(healths, h)
		}
		return encode(a.stdout, out, doc)
	}
	t := table{header: []string{"MDS", "STATE", "CLUSTER", "VERSION", "AGENT", "GEN", "LATENCY", "BREAKER", "REASON"}}
	for _, h := range healths {
		latency := "-"
		if h.Latency > 0 {
			latency = took(h.Latency)
		}
		t.add(cell{text: h.Addr.String()}, stateOf(h), orDash(h.Cluster.UUID), orDash(h.Cluster.Version),
			orDash(h.Agent.AgentVersion), generationCell(healths, h), cell{text: latency}, cell{text: string(h.Breaker)}, cell{reason(h), dim})
	}
	t.print(a.stdout, a.coloured(a.stdout))
	return nil
}

// generationCell names the generation of the agent, and marks one that is behind
// another.
func generationCell(healths []mds.Health, h mds.Health) cell {
	switch {
	case h.Can == zbs.Capabilities{}:
		return cell{"-", dim}
	case behind(healths, h):
		return cell{h.Can.Generation(), yellow}
	}
	return cell{text: h.Can.Generation()}
}

// behind reports whether the agent is of an older generation than another one.
func behind(healths []mds.Health, h mds.Health) bool {
	return slices.ContainsFunc(healths, func(other mds.Health) bool { return h.Can.OlderThan(other.Can) })
}

func breakerCell(b mds.Breaker) cell {
	switch b {
	case mds.BreakerClosed:
		return cell{text: string(b)}
	case mds.BreakerOpen:
		return cell{string(b), red}
	case mds.BreakerHalfOpen:
		return cell{string(b), yellow}
	default:
		return cell{"-", dim}
	}
}

func orDash(text string) cell {
	if text == "" {
		return cell{"-", dim}
	}
	return cell{text: text}
}

// statusDoc is the JSON and YAML of zbsctl mds status, a contract: see
// docs/json-output.md.
type statusDoc struct {
	MDS []mdsDoc `json:"mds"`
}

type mdsDoc struct {
	MDS            string  `json:"mds"`
	State          string  `json:"state"`
	Cluster        string  `json:"cluster,omitempty"`
	Version        string  `json:"version,omitempty"`
	AgentVersion   string  `json:"agentVersion,omitempty"`
	Generation     string  `json:"generation,omitempty"`     // of the agent
	Behind         bool    `json:"behind,omitempty"`         // another one is of a newer generation
	LatencySeconds float64 `json:"latencySeconds,omitempty"` // of the echo
	Breaker        string  `json:"breaker"`
	Error          string  `json:"error,omitempty"`
}

func mdsDocOf(h mds.Health) mdsDoc {
	generation := ""
	if (h.Can != zbs.Capabilities{}) {
		generation = h.Can.Generation()
	}
	return mdsDoc{
		MDS: h.Addr.String(), State: stateOf(h).text, Cluster: h.Cluster.UUID, Version: h.Cluster.Version,
		AgentVersion: h.Agent.AgentVersion, Generation: generation, LatencySeconds: h.Latency.Seconds(), Breaker: string(h.Breaker), Error: reason(h),
	}
}
