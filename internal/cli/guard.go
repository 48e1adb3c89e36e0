package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume/guard"
)

// guardFlags are what zbsctl guard is asked, and how it answers.
type guardFlags struct {
	*guarding
	policy   string
	canary   string
	cluster  string
	wait     time.Duration
	explain  bool
	fromFile string
	out      *format
}

func (a *app) guardCommand() *cobra.Command {
	f := &guardFlags{}
	cmd := &cobra.Command{
		Use:   "guard [PATH] [--host HOST]",
		Short: "Prove that no other host has a volume open, before it is opened",
		Long: `Check whether any host but those given with --host has the volume open, and show
the evidence. The answer is

  free         proved: it may be opened on the host, until the time that is told
  in use       another host has it open, or had it a moment ago
  cannot tell  not proved either way: treat it as in use

An empty list of clients alone proves nothing. In two rounds, 13 s apart, a
majority of the MDS must show that they can list clients at all, and each host
of the inventory must be accounted for: an MDS lists it for some volume, or it
is allowed (--host), off (--fenced), or has fenced itself (--self-fencing). So
free takes an inventory: --hosts-file, or that of the context (zbsctl help
config). Without it a volume in use is still found.

In use is known at once, free after 13 s; cannot tell may take 40 s, and longer
with --self-fencing. Free is good for 13 s, until the time that is told.

What must hold is numbered in the output of --explain. Nothing is reserved: a
host that opens the volume right after the check is not seen.`,
		Example: `  zbsctl guard zbs://pool/volume --host kvm-2
  zbsctl guard zbs://pool/volume --host kvm-2 --hosts-file hosts.yaml --wait 5m
  zbsctl guard zbs://pool/volume --host kvm-2 -o json >report.json &&
    zbsctl guard replay report.json zbs://pool/volume --host kvm-2
  zbsctl guard --from-file volumes-of-kvm-1 \
    --fenced 'kvm-1@2026-11-23T10:00:00Z=powered off by bmc-1'`,
		Args: cobra.MaximumNArgs(1),
	}
	f.out, f.guarding = outputFlag(cmd), a.guardingFlags(cmd)
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
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.guard(cmd.Context(), args, f) }
	cmd.AddCommand(a.guardReplayCommand())
	return cmd
}

// gone is a flag that was taken away, with what replaced it.
type gone string

// String, Set and Type make gone a flag.
func (gone) String() string     { return "" }
func (gone) Type() string       { return "" }
func (g gone) Set(string) error { return usagef("it is gone: %s", string(g)) }

func (a *app) guard(ctx context.Context, args []string, f *guardFlags) error {
	if (len(args) == 1) == (f.fromFile != "") {
		return usagef("name a volume, or a file with --from-file")
	}
	var err error
	if f.options, err = f.checkOptions(); err != nil {
		return err
	}
	if f.fromFile != "" {
		return a.guardFile(ctx, f)
	}
	path, err := parseVolume(args[0])
	if err != nil {
		return err
	}
	a.progress = a.newProgress()
	return a.withGuard(ctx, func(c cluster) error {
		check := c.guard.Check
		if f.wait > 0 {
			check = c.guard.Wait
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, f.wait)
			defer cancel()
		}
		stop := a.progress.during("check " + path.String())
		report, err := check(ctx, path)
		stop()
		return a.tell(report, err, f)
	})
}

// checkOptions are what every check is asked beside its inventory and timing.
func (f *guardFlags) checkOptions() ([]guard.CheckOption, error) {
	var policy guard.Policy
	if err := policy.UnmarshalText([]byte(f.policy)); err != nil {
		return nil, usagef("--policy: %w", err)
	}
	opts := []guard.CheckOption{guard.WithPolicy(policy)}
	if f.canary != "" {
		path, err := parseVolume(f.canary)
		if err != nil {
			return nil, usagef("--canary: %w", err)
		}
		opts = append(opts, guard.Canary(path))
	}
	if f.cluster != "" {
		opts = append(opts, guard.ExpectCluster(f.cluster))
	}
	return opts, nil
}

// tell prints the report, and makes the exit code. It says of a free volume that
// it is free only while that holds.
func (a *app) tell(r guard.Report, err error, f *guardFlags) error {
	if exitCode(err) == exitUsage {
		return err
	}
	a.code = max(a.code, exitCode(err))
	if f.out.machine() {
		if err := encode(a.stdout, *f.out, r); err != nil {
			return err
		}
	} else {
		a.printReport(r, view{explain: f.explain, wide: *f.out == formatWide, expired: r.Expired})
	}
	if r.Verdict == guard.Free {
		a.toldFree(r, *f.out)
	}
	return nil
}
