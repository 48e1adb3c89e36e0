package cli

import (
	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
)

// releaseFlags adds the flags of a change that needs a volume which no host has open,
// and gives the change a Guard.
func (c *changer) releaseFlags(cmd *cobra.Command) *volume.Release {
	r := &volume.Release{}
	cmd.Flags().BoolVar(&r.Force, "force", false, "do not check whether a host has it open: what that host writes is then lost or damaged")
	cmd.Flags().Var((*wait)(&r.Wait), "wait", "how long to wait until no host has it open, plus the time of the last check (default: check once)")
	cmd.MarkFlagsMutuallyExclusive("force", "wait")
	c.guard = newGuardFlags(cmd)
	c.guard.unneeded = func() bool { return r.Force }
	return r
}

// forced adds to a consequence that --force skips the check.
func forced(consequence string, r *volume.Release) string {
	if r.Force {
		consequence += ", whoever has it open"
	}
	return consequence
}
