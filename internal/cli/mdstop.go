package cli

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/internal/cli/internal/health"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/internal/cli/internal/top"
	"github.com/zbsclient/zbsclient/mds"
)

const (
	topInterval      = time.Second
	leastTopInterval = 200 * time.Millisecond
	topTimeout       = 2 * time.Second
)

// topFlags are the flags of zbsctl mds top.
type topFlags struct {
	top.Options
	out format
}

// mdsTopCommand returns zbsctl mds top.
func mdsTopCommand(env *environment, to *target) *cobra.Command {
	var o topFlags
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch every MDS live",
		Long: `Probe every MDS again and again, and show its state live. This changes nothing on the
agents. Each MDS is probed independently: one that hangs does not delay the others.

` + health.Legend + `
` + top.Legend + `
An MDS whose probe takes longer than --timeout (default 2s here) is down. A
narrow window leaves out the columns at the right.

Keys: q, esc or ctrl-c quits, p pauses, r resets history and counts, ? explains.

If stdout is no terminal, or with -o json or yaml, it prints a table or document
after each of the --count rounds. The exit code is that of mds status for the last
round.`,
		Example: `  zbsctl mds top --mds mds-a,mds-b,mds-c
  zbsctl mds top --interval 5s --timeout 1s
  zbsctl mds top --count 3 -o json`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	f := cmd.Flags()
	f.DurationVar(&o.Interval, "interval", topInterval, "pause between two probes of an MDS, at least 200ms (a tenth more or less at random)")
	f.IntVar(&o.Count, "count", 0, "end after so many probes of each MDS (default: go on until q)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.out = *out
		return watchTop(cmd.Context(), env, to, o)
	}
	return cmd
}

// watchTop probes all MDS until the user ends it, or as often as the options say.
func watchTop(ctx context.Context, env *environment, to *target, o topFlags) error {
	live, err := topIsLive(env, to, o)
	if err != nil {
		return err
	}
	timeout := cmp.Or(to.timeout, topTimeout)
	return to.withCluster(func(c cluster) error {
		show := topRounds
		if live {
			show = topLive
		}
		m, err := show(ctx, env, c.Caller, timeout, o)
		if err != nil {
			return err
		}
		reportHealths(env, m.Healths())
		return nil
	})
}

// topIsLive checks the options and reports whether there is a screen to draw on.
func topIsLive(env *environment, to *target, o topFlags) (bool, error) {
	_, tty := term.FD(env.stdout)
	live := tty && !o.out.machine() && env.getenv("TERM") != "dumb"
	_, logged := term.FD(env.stderr)
	switch {
	case o.Interval < leastTopInterval:
		return false, usagef("--interval %v is too short for the agents, give %v or more", o.Interval, leastTopInterval)
	case o.Count < 0:
		return false, usagef("--count %d, want 1 or more", o.Count)
	case !live && o.Count == 0:
		return false, usagef("no terminal to draw on: give --count N for N rounds of plain output, or use zbsctl mds status")
	case live && to.verbose && logged:
		return false, usagef("the log of -v would tear the screen: send it elsewhere with 2>FILE, or give --count and a pipe")
	}
	return live, nil
}

// probeFunc returns a function that probes the i-th MDS.
func probeFunc(ctx context.Context, c *mds.Caller, timeout time.Duration) func(i int) top.Probed {
	addrs := c.Addrs()
	return func(i int) top.Probed {
		h := mds.ProbeOne(ctx, c, addrs[i], mds.Timeout(timeout))
		return top.Probed{I: i, Health: h, At: time.Now()}
	}
}

// topRounds prints a table or document after each round. A round ends when each MDS
// has answered or reached the timeout.
func topRounds(ctx context.Context, env *environment, c *mds.Caller, timeout time.Duration, o topFlags) (top.Model, error) {
	m, probe := top.New(c.Addrs(), o.Options), probeFunc(ctx, c, timeout)
	for round := 1; ; round++ {
		results := probeAll(len(c.Addrs()), probe)
		if ctx.Err() != nil {
			return m, nil // the last probes were interrupted
		}
		for _, r := range results {
			m = m.Probed(r)
		}
		m = m.Sampled(top.TakeSample(time.Now(), c.Stats()))
		if err := printTop(env, m, o, round); err != nil || round == o.Count {
			return m, err
		}
		next := time.NewTimer(o.Wait())
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return m, nil
		}
	}
}

// probeAll probes n MDS at the same time.
func probeAll(n int, probe func(i int) top.Probed) []top.Probed {
	results := make([]top.Probed, n)
	var group errgroup.Group
	for i := range results {
		group.Go(func() error {
			results[i] = probe(i)
			return nil
		})
	}
	group.Wait()
	return results
}

// printTop prints a round.
func printTop(env *environment, m top.Model, o topFlags, round int) error {
	if !o.out.machine() {
		if round > 1 {
			io.WriteString(env.stdout, "\n")
		}
		env.printTable(m.Table())
		return nil
	}
	if round > 1 && o.out == formatYAML {
		io.WriteString(env.stdout, "---\n")
	}
	return encode(env.stdout, o.out, m.Doc(round))
}

// topLive draws on the terminal until the user quits, and leaves the last state there.
func topLive(ctx context.Context, env *environment, c *mds.Caller, timeout time.Duration, o topFlags) (top.Model, error) {
	probing, stop := context.WithCancel(ctx)
	defer stop()
	input := env.stdin
	if _, tty := term.FD(env.stdin); !tty {
		input = nil // an interrupt ends it
	}
	from := top.Source{Probe: probeFunc(probing, c, timeout), Stats: c.Stats}
	m, err := top.New(c.Addrs(), o.Options).Run(ctx, from, o.Options, input, env.stdout, env.coloured(env.stdout))
	if err != nil {
		return m, err
	}
	_, err = io.WriteString(env.stdout, m.Still())
	return m, err
}
