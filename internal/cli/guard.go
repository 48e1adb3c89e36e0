package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume/guard"
)

// guardFlags are what a check is asked to prove, and how.
type guardFlags struct {
	hosts    []string
	fences   []string
	policy   string
	canary   string
	minHosts int
	cluster  string
	timing   guard.Timing
	wait     time.Duration
	explain  bool
	fromFile string
	out      *format
}

func (a *app) guardCommand() *cobra.Command {
	f := &guardFlags{}
	cmd := &cobra.Command{
		Use:   "guard [PATH] [--host IP]",
		Short: "Prove that no other host has a volume open, before it is opened",
		Long: `Check whether any host but those given with --host has the volume open, and show
the evidence. The answer is

  free         proved: it may be opened on the host, until the report is too old
  in use       another host has it open, or had it a moment ago
  cannot tell  not proved either way: treat it as in use

An empty list of clients alone proves nothing, so a majority of the MDS must show
in two rounds, 13 s apart, that they can list clients at all: by the heartbeat
volume of the pool, which every hypervisor host keeps open. What must hold is
numbered in the output of --explain. Nothing is reserved: whoever opens the
volume right after the check is not seen.

Give the number of hosts that have the pool attached with --min-canary-hosts: a
host that is cut off from the MDS, and goes on writing, is only noticed by that.`,
		Example: `  zbsctl guard zbs://pool/volume --host 10.0.0.2 --min-canary-hosts 12
  zbsctl guard zbs://pool/volume --host 10.0.0.2 --wait 5m
  zbsctl guard zbs://pool/volume --host 10.0.0.2 -o json > report.json && zbsctl guard replay report.json
  zbsctl guard --from-file volumes-of-host-a --fenced '10.0.0.1@2026-11-23T10:00:00Z=powered off by bmc-1'`,
		Args: cobra.MaximumNArgs(1),
	}
	f.out = outputFlag(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.hosts, "host", nil, "IP address of a host that may have it open, may be repeated")
	flags.StringArrayVar(&f.fences, "fenced", nil, "a host that was powered off or fenced, HOST@TIME=WHO-SAYS-SO with TIME as 2026-11-23T10:00:00Z; may be repeated")
	flags.StringVar(&f.policy, "policy", "quorum", "how many MDS must agree: quorum, all, or first (UNSAFE: believes the first list)")
	flags.StringVar(&f.canary, "canary", "", "a volume that is certainly open (default: the pool's "+guard.HeartbeatVolume+")")
	flags.IntVar(&f.minHosts, "min-canary-hosts", 0, "how many hosts must keep the canary open: as many as have the pool attached")
	flags.StringVar(&f.cluster, "expect-cluster", "", "uuid of the cluster (default: what a majority of the MDS names)")
	flags.DurationVar(&f.timing.Refresh, "refresh", 0, fmt.Sprintf("how often clients renew their entry (default %v)", guard.DefaultRefresh))
	flags.DurationVar(&f.timing.LeaderRetry, "leader-retry", 0, fmt.Sprintf("how long a client may look for a new leader (default %v)", guard.DefaultLeaderRetry))
	flags.DurationVar(&f.timing.RegistryExpiry, "registry-expiry", 0, fmt.Sprintf("how long an entry stays that nobody renews (default %v)", guard.DefaultRegistryExpiry))
	flags.DurationVar(&f.timing.RoundInterval, "interval", 0, "between rounds, at least refresh + leader-retry (default that)")
	flags.DurationVar(&f.timing.Span, "span", 0, fmt.Sprintf("how long an MDS may take over one round (default %v)", guard.DefaultSpan))
	flags.IntVar(&f.timing.Rounds, "rounds", 0, fmt.Sprintf("how many must agree, 2 or more (default %d)", guard.DefaultRounds))
	flags.Var((*wait)(&f.wait), "wait", "check again until the answer is definite, for at most this long")
	flags.BoolVar(&f.explain, "explain", false, "show the rules, and which of them are not kept")
	flags.StringVar(&f.fromFile, "from-file", "", "check every volume of the file, one path per line, - for stdin")
	cmd.MarkFlagsMutuallyExclusive("from-file", "wait")
	cmd.MarkFlagsMutuallyExclusive("from-file", "explain")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.guard(cmd.Context(), args, f) }
	cmd.AddCommand(a.guardReplayCommand())
	return cmd
}

func (a *app) guard(ctx context.Context, args []string, f *guardFlags) error {
	if (len(args) == 1) == (f.fromFile != "") {
		return usagef("name a volume, or a file with --from-file")
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	if f.fromFile != "" {
		return a.guardFile(ctx, f, opts)
	}
	path, err := parseVolume(args[0])
	if err != nil {
		return err
	}
	a.progress = a.newProgress()
	return a.withCluster(func(c cluster) error {
		check := guard.New(c.Caller).Check
		if f.wait > 0 {
			check = guard.New(c.Caller).Wait
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, f.wait)
			defer cancel()
		}
		stop := a.progress.during("check " + path.String())
		report, err := check(ctx, path, opts...)
		stop()
		return a.tell(report, err, f)
	})
}

// tell prints the report and makes the exit code.
func (a *app) tell(report guard.Report, err error, f *guardFlags) error {
	if exitCode(err) == exitUsage {
		return err
	}
	a.code = exitCode(err)
	if f.out.machine() {
		return encode(a.stdout, *f.out, report)
	}
	a.printReport(report, f.explain)
	return nil
}

// options turns the flags into those of a check.
func (f *guardFlags) options() ([]guard.CheckOption, error) {
	var policy guard.Policy
	if err := policy.UnmarshalText([]byte(f.policy)); err != nil {
		return nil, usagef("--policy: %w", err)
	}
	opts := []guard.CheckOption{guard.WithPolicy(policy), guard.WithTiming(f.timing)}
	for _, host := range f.hosts {
		opts = append(opts, guard.AllowHost(host))
	}
	for _, text := range f.fences {
		fence, err := parseFence(text)
		if err != nil {
			return nil, err
		}
		opts = append(opts, guard.FencedBy(fence))
	}
	if f.canary != "" {
		path, err := parseVolume(f.canary)
		if err != nil {
			return nil, usagef("--canary: %w", err)
		}
		opts = append(opts, guard.Canary(path))
	}
	if f.minHosts != 0 {
		opts = append(opts, guard.MinCanaryHosts(f.minHosts))
	}
	if f.cluster != "" {
		opts = append(opts, guard.ExpectCluster(f.cluster))
	}
	return opts, nil
}

// parseFence reads HOST@TIME=WHO.
func parseFence(text string) (guard.Attestation, error) {
	var fence guard.Attestation
	host, rest, _ := strings.Cut(text, "@")
	at, by, ok := strings.Cut(rest, "=")
	fence.By = by
	if !ok || fence.Host.UnmarshalText([]byte(host)) != nil || fence.At.UnmarshalText([]byte(at)) != nil {
		return fence, usagef("--fenced %q: want HOST@TIME=WHO-SAYS-SO, such as 10.0.0.1@2026-11-23T10:00:00Z=bmc-1", text)
	}
	return fence, nil
}
