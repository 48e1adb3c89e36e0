package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
)

// releaseFlags adds the flags that say how to make sure that no host has a volume
// open.
func (a *app) releaseFlags(cmd *cobra.Command) *volume.Release {
	r := &volume.Release{}
	cmd.Flags().BoolVar(&r.Force, "force", false, "do not check whether a host has it open: what that host writes is then lost or damaged")
	cmd.Flags().Var((*wait)(&r.Wait), "wait", "how long to wait until no host has it open, plus the time of the last check (default: check once)")
	cmd.MarkFlagsMutuallyExclusive("force", "wait")
	a.guardingFlags(cmd).unneeded = func() bool { return r.Force }
	return r
}

// forced adds to a consequence that nobody checks.
func forced(consequence string, r *volume.Release) string {
	if r.Force {
		consequence += ", whoever has it open"
	}
	return consequence
}

// wait is a positive duration as a flag.
type wait time.Duration

// String, Set and Type make wait a flag.
func (w *wait) String() string {
	if *w == 0 {
		return ""
	}
	return time.Duration(*w).String()
}
func (*wait) Type() string { return "duration" }
func (w *wait) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return usagef("want a positive duration such as 90s or 5m")
	}
	*w = wait(d)
	return nil
}
