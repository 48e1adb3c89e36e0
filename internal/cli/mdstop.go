package cli

import (
	"context"
	"io"
	"math/rand/v2"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zbsclient/zbsclient/mds"
)

const (
	topInterval      = time.Second
	leastTopInterval = 200 * time.Millisecond
	topTimeout       = 2 * time.Second
)

func (a *app) mdsTopCommand() *cobra.Command {
	o := topOptions{interval: topInterval}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch every MDS live",
		Long: `Probe every MDS again and again, and show live how it is. Nothing on the agents is
changed. Each MDS is probed by itself, so that one that hangs holds up no other.

` + mdsStates + `
` + topLegend + `
An MDS whose probe takes longer than --timeout (default 2s here) is down. In a
narrow window the columns at the right are left out.

Keys: q, esc or ctrl-c quits, p pauses, r resets history and counts, ? explains.

Where stdout is no terminal, and with -o json or yaml, it prints a table or document
after each of the --count rounds. The exit code is that of mds status, for the last
state.`,
		Example: `  zbsctl mds top --mds mds-a,mds-b,mds-c
  zbsctl mds top --interval 5s --timeout 1s
  zbsctl mds top --count 3 -o json`,
		Args: cobra.NoArgs,
	}
	out := outputFlag(cmd)
	f := cmd.Flags()
	f.DurationVar(&o.interval, "interval", topInterval, "pause between two probes of an MDS, at least 200ms (a tenth more or less at random)")
	f.IntVar(&o.count, "count", 0, "end after so many probes of each MDS (default: go on until q)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.out = *out
		return a.mdsTop(cmd.Context(), o)
	}
	return cmd
}

// topLegend explains the columns.
const topLegend = `  HISTORY   latency of the last probes, the newest at the right, on one scale
            for all MDS; ✕ is a probe without an answer
  P50, P99  of its pings since the start
  ASKED     probes; ERRORS are those that found it not to serve
`

type topOptions struct {
	interval time.Duration
	count    int // 0: no end
	out      format
}

// wait returns the interval, a tenth more or less: several zbsctl that were started
// together do not keep asking together. It passes after a probe has ended, so that
// an agent that hangs is not asked all the time.
func (o topOptions) wait() time.Duration {
	return time.Duration(float64(o.interval) * (0.9 + 0.2*rand.Float64()))
}

func (a *app) mdsTop(ctx context.Context, o topOptions) error {
	live, err := a.topIsLive(o)
	if err != nil {
		return err
	}
	return a.withCluster(func(c cluster) error {
		show := a.topRounds
		if live {
			show = a.topLive
		}
		m, err := show(ctx, c.Caller, o)
		if err != nil {
			return err
		}
		a.judge(m.healths())
		return nil
	})
}

// topIsLive checks the options and reports whether there is a screen to draw on.
func (a *app) topIsLive(o topOptions) (bool, error) {
	_, tty := terminal(a.stdout)
	live := tty && !o.out.machine() && a.getenv("TERM") != "dumb"
	_, logged := terminal(a.stderr)
	switch {
	case o.interval < leastTopInterval:
		return false, usagef("--interval %v is too short for the agents, give %v or more", o.interval, leastTopInterval)
	case o.count < 0:
		return false, usagef("--count %d, want 1 or more", o.count)
	case !live && o.count == 0:
		return false, usagef("no terminal to draw on: give --count N for N rounds of plain output, or use zbsctl mds status")
	case live && a.verbose && logged:
		return false, usagef("the log of -v would tear the screen: send it elsewhere with 2>FILE, or give --count and a pipe")
	}
	return live, nil
}

// prober returns a function that probes the i-th MDS.
func (a *app) prober(ctx context.Context, c *mds.Caller) func(i int) topProbed {
	timeout := topTimeout
	if a.timeout > 0 {
		timeout = a.timeout
	}
	addrs := c.Addrs()
	return func(i int) topProbed {
		h := mds.ProbeOne(ctx, c, addrs[i], mds.Timeout(timeout))
		return topProbed{i, h, time.Now()}
	}
}

// topRounds prints a table or document after each round. A round is over when all
// MDS have answered, or run out of time.
func (a *app) topRounds(ctx context.Context, c *mds.Caller, o topOptions) (topModel, error) {
	m, probe := newTopModel(c.Addrs(), o), a.prober(ctx, c)
	for round := 1; ; round++ {
		results := probeAll(len(m.rows), probe)
		if ctx.Err() != nil {
			return m, nil // what was asked last is no news of the MDS
		}
		for _, r := range results {
			m = m.probed(r)
		}
		m = m.sampled(topSampled{time.Now(), sampleOf(c.Stats())})
		if err := a.printTop(m, o, round); err != nil || round == o.count {
			return m, err
		}
		next := time.NewTimer(o.wait())
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return m, nil
		}
	}
}

func probeAll(n int, probe func(i int) topProbed) []topProbed {
	results := make([]topProbed, n)
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

func (a *app) printTop(m topModel, o topOptions, round int) error {
	if !o.out.machine() {
		if round > 1 {
			io.WriteString(a.stdout, "\n")
		}
		m.table().print(a.stdout, a.coloured(a.stdout))
		return nil
	}
	if round > 1 && o.out == formatYAML {
		io.WriteString(a.stdout, "---\n")
	}
	return encode(a.stdout, o.out, m.doc(round))
}

// topLive draws on the terminal until the user has seen enough, and leaves the last
// state there.
func (a *app) topLive(ctx context.Context, c *mds.Caller, o topOptions) (topModel, error) {
	probing, stop := context.WithCancel(ctx)
	defer stop()
	m, probe := newTopModel(c.Addrs(), o), a.prober(probing, c)
	m.colour = a.coloured(a.stdout)
	m.probe = func(i int) tea.Cmd { return func() tea.Msg { return probe(i) } }
	m.due = func(i int) tea.Cmd { return tea.Tick(o.wait(), func(time.Time) tea.Msg { return topDue{i} }) }
	m.sample = func() tea.Cmd {
		return tea.Tick(topRefresh, func(now time.Time) tea.Msg { return topSampled{now, sampleOf(c.Stats())} })
	}

	input := a.stdin
	if _, tty := terminal(a.stdin); !tty {
		input = nil // no keys; ctrl-c interrupts
	}
	end, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithoutSignalHandler(),
		tea.WithInput(input), tea.WithOutput(a.stdout)).Run()
	if err != nil && ctx.Err() == nil {
		return m, err
	}
	m = end.(topModel)
	_, err = io.WriteString(a.stdout, m.still())
	return m, err
}
