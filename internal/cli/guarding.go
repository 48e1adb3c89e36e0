package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// guarding is how the Guard of a run is made: flags over the context.
type guarding struct {
	hostsFile   string
	fences      []string
	selfFencing time.Duration
	maxFenceAge time.Duration
	hosts       []string // that may have volumes open
	timing      guard.Timing
	options     []guard.CheckOption
	unneeded    func() bool // whether the run needs no Guard
}

// guardingFlags gives the command a Guard, and the flags of its inventory and of
// how hosts are accounted for.
func (a *app) guardingFlags(cmd *cobra.Command) *guarding {
	g := &guarding{unneeded: func() bool { return false }}
	inventoryFlag(cmd, g)
	flags := cmd.Flags()
	flags.StringArrayVar(&g.fences, "fenced", nil, "a host that is off or fenced, HOST@TIME=WHO-SAYS-SO with TIME as 2026-11-23T10:00:00Z; may be repeated")
	flags.Var((*wait)(&g.maxFenceAge), "max-fence-age", "how old the TIME of --fenced may be (default 10m)")
	flags.Var((*wait)(&g.selfFencing), "self-fencing", "hosts that lose the MDS are known to end their machines within this time, such as 150s (default: they are not)")
	cmd.PreRun = func(*cobra.Command, []string) { a.guarding = g }
	return g
}

// inventoryFlag adds the flag that names the inventory.
func inventoryFlag(cmd *cobra.Command, g *guarding) {
	cmd.Flags().StringVar(&g.hostsFile, "hosts-file", "", "inventory of all hosts, YAML or JSON (default: the context's)")
}

// timingFlags adds what is known of the storage's registry of clients.
func (g *guarding) timingFlags(cmd *cobra.Command) {
	flags, t := cmd.Flags(), &g.timing
	flags.Var((*wait)(&t.Refresh), "refresh", "how often clients renew their entry (default 5s)")
	flags.Var((*wait)(&t.LeaderRetry), "leader-retry", "how long a client may look for a new leader (default 8s)")
	flags.Var((*wait)(&t.RegistryExpiry), "registry-expiry", "how long an entry stays that nobody renews (default 50s)")
	flags.Var((*wait)(&t.RoundInterval), "interval", "between rounds (default refresh + leader-retry, the least)")
	flags.Var((*wait)(&t.Span), "span", "how long an MDS may take over one round (default 6s)")
	flags.Var((*rounds)(&t.Rounds), "rounds", "how many must agree, 2 or more (default 2)")
}

// rounds is a number of rounds as a flag.
type rounds int

// String, Set and Type make rounds a flag.
func (r *rounds) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.Itoa(int(*r))
}
func (*rounds) Type() string { return "number" }
func (r *rounds) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 {
		return usagef("want a number of at least 2")
	}
	*r = rounds(n)
	return nil
}

// over puts the flags over what the context says.
func (g *guarding) over(c guardconfig.Config) (guardconfig.Config, error) {
	if g.hostsFile != "" {
		c.Hosts = guardconfig.File("--hosts-file", g.hostsFile)
	}
	for _, d := range []struct{ flag, into *time.Duration }{
		{&g.selfFencing, &c.SelfFencing}, {&g.maxFenceAge, &c.MaxFenceAge},
		{&g.timing.Refresh, &c.Timing.Refresh}, {&g.timing.LeaderRetry, &c.Timing.LeaderRetry},
		{&g.timing.RegistryExpiry, &c.Timing.RegistryExpiry}, {&g.timing.RoundInterval, &c.Timing.RoundInterval},
		{&g.timing.Span, &c.Timing.Span},
	} {
		if *d.flag != 0 {
			*d.into = *d.flag
		}
	}
	if g.timing.Rounds != 0 {
		c.Timing.Rounds = g.timing.Rounds
	}
	if err := c.Timing.WithDefaults().Check(); err != nil {
		return c, &usageError{err}
	}
	for _, text := range g.fences {
		fence, err := parseFence(text)
		if err != nil {
			return c, err
		}
		c.Fences = append(c.Fences, fence)
	}
	c.Allowed, c.Options = g.hosts, g.options
	return c, nil
}

// parseFence reads HOST@TIME=WHO. The name of a host may hold an @, the rest not.
func parseFence(text string) (guard.Attestation, error) {
	var fence guard.Attestation
	said, by, _ := strings.Cut(text, "=")
	cut := strings.LastIndex(said, "@")
	if cut > 0 {
		fence.Host, fence.By = said[:cut], by
	}
	if cut <= 0 || by == "" || fence.At.UnmarshalText([]byte(said[cut+1:])) != nil {
		return fence, usagef("--fenced %q: want HOST@TIME=WHO-SAYS-SO, such as kvm-1@2026-11-23T10:00:00Z=bmc-1", text)
	}
	return fence, nil
}

// inventoryError says that the Guard could not be made: by a mistake of the user's,
// or because nobody knows what hosts there are.
func inventoryError(err error) error {
	if errors.Is(err, guardconfig.ErrUnreachable) {
		return fmt.Errorf("%w: %w", volume.ErrUndetermined, err)
	}
	return &usageError{err}
}
