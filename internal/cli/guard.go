package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// guardCommand returns zbsctl guard.
func guardCommand(env *environment, to *target) *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:   "guard [PATH] [--host HOST]",
		Short: "Prove that no other host has a volume open, before it is opened",
		Long: `Check whether any host but those given with --host has the volume open, and show
the evidence. The answer is

  free         proved: the host may open it, until the time that is shown
  in use       another host has it open, or had it open a moment ago
  cannot tell  not proved either way: treat it as in use

An empty list of clients proves nothing. Free requires two rounds, 13 s apart. In
each, a majority of the MDS must show that they can list clients at all, and each
host of the inventory must be accounted for: an MDS lists it for some volume, or it
is allowed (--host), off (--fenced), or has fenced itself (--self-fencing). So free
needs an inventory: --hosts-file, or that of the context (zbsctl help config). In
use needs none.

In use is known at once, free after 13 s. Cannot tell may take 40 s, and longer with
--self-fencing. Free is valid for 13 s, until the time that is shown.

--explain shows the numbered rules that must hold. The check reserves nothing: it
cannot see a host that opens the volume right after it.`,
		Example: `  zbsctl guard zbs://pool/volume --host kvm-2
  zbsctl guard zbs://pool/volume --host kvm-2 --hosts-file hosts.yaml --wait 5m
  zbsctl guard zbs://pool/volume --host kvm-2 -o json >report.json &&
    zbsctl guard replay report.json zbs://pool/volume --host kvm-2
  zbsctl guard --from-file volumes-of-kvm-1 \
    --fenced 'kvm-1@2026-11-23T10:00:00Z=powered off by bmc-1'`,
		Args: cobra.MaximumNArgs(1),
	}
	f.out, f.guardFlags = outputFlag(cmd), newGuardFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.hosts, "host", nil, "a host that may have it open, by name or address; may be repeated")
	flags.StringVar(&f.policy, "policy", "quorum", "how many MDS must agree: quorum, all, or first (UNSAFE: believes the first list, and proves nothing)")
	flags.StringVar(&f.canary, "canary", "", "a volume that is known to be open on some host")
	flags.StringVar(&f.cluster, "expect-cluster", "", "uuid of the cluster (default: what a majority names)")
	f.timingFlags(cmd)
	flags.Var((*wait)(&f.wait), "wait", "check again until the answer is definite, at most this long")
	flags.BoolVar(&f.explain, "explain", false, "show the rules, which are not kept, and every host")
	flags.StringVar(&f.fromFile, "from-file", "", "check every volume of the file, one path per line, - for stdin")
	flags.Var(gone("a number cannot tell which host is missing; name all hosts with --hosts-file"), "min-canary-hosts", "")
	flags.MarkHidden("min-canary-hosts")
	cmd.MarkFlagsMutuallyExclusive("from-file", "wait")
	cmd.MarkFlagsMutuallyExclusive("from-file", "explain")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		free := &freeReports{env: env}
		if err := check(cmd.Context(), env, to, free, args, f); err != nil {
			return err
		}
		free.recheck()
		return nil
	}
	cmd.AddCommand(guardReplayCommand(env))
	return cmd
}

// check checks the volume of the arguments, or those of a file.
func check(ctx context.Context, env *environment, to *target, free *freeReports, args []string, f *checkFlags) error {
	if (len(args) == 1) == (f.fromFile != "") {
		return usagef("name a volume, or a file with --from-file")
	}
	var err error
	if f.options, err = f.checkOptions(); err != nil {
		return err
	}
	if f.fromFile != "" {
		return checkFile(ctx, env, to, free, f)
	}
	path, err := parseVolume(args[0])
	if err != nil {
		return err
	}
	return to.withGuard(ctx, f.guardFlags, func(c cluster) error {
		check := c.guard.Check
		if f.wait > 0 {
			check = c.guard.Wait
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, f.wait)
			defer cancel()
		}
		stop := c.progress.during("check " + path.String())
		report, err := check(ctx, path)
		stop()
		return conclude(env, free, report, err, f)
	})
}

// conclude prints the report of a check that ended with err, and counts the exit
// code. It calls a volume free only as long as the report is valid.
func conclude(env *environment, free *freeReports, r guard.Report, err error, f *checkFlags) error {
	if exitCode(err) == exitUsage {
		return err
	}
	env.exitWith(exitCode(err))
	if err := showReport(env, *f.out, r, guardreport.View{Explain: f.explain, Wide: *f.out == formatWide, Expired: r.Expired}); err != nil {
		return err
	}
	if r.Verdict == guard.Free {
		free.add(r, *f.out)
	}
	return nil
}
