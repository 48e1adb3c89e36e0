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

// guardFlags describe the Guard of a command. They take precedence over the context.
type guardFlags struct {
	hostsFile   string
	fences      []string
	selfFencing time.Duration
	maxFenceAge time.Duration
	hosts       []string // that may have volumes open
	timing      guard.Timing
	options     []guard.CheckOption
	unneeded    func() bool // reports whether this run needs no Guard
}

// newGuardFlags gives the command the flags of a Guard: its inventory, and how hosts
// are accounted for.
func newGuardFlags(cmd *cobra.Command) *guardFlags {
	g := &guardFlags{unneeded: func() bool { return false }}
	g.inventoryFlag(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&g.fences, "fenced", nil, "a host that is off or fenced, HOST@TIME=WHO-SAYS-SO with TIME as 2026-11-23T10:00:00Z; may be repeated")
	flags.Var((*wait)(&g.maxFenceAge), "max-fence-age", "how old the TIME of --fenced may be (default 10m)")
	g.selfFencingFlag(cmd)
	return g
}

// inventoryFlag adds the flag that names the inventory.
func (g *guardFlags) inventoryFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.hostsFile, "hosts-file", "", "inventory of all hosts, YAML or JSON (default: the context's)")
}

// selfFencingFlag adds the flag of hosts that fence themselves.
func (g *guardFlags) selfFencingFlag(cmd *cobra.Command) {
	cmd.Flags().Var((*wait)(&g.selfFencing), "self-fencing", "hosts that lose the MDS are known to end their machines within this time, such as 150s (default: they are not)")
}

// registryFlags add how soon a client shows in the storage's registry.
func (g *guardFlags) registryFlags(cmd *cobra.Command) {
	cmd.Flags().Var((*wait)(&g.timing.Refresh), "refresh", "how often clients renew their entry (default 5s)")
	cmd.Flags().Var((*wait)(&g.timing.LeaderRetry), "leader-retry", "how long a client may look for a new leader (default 8s)")
}

// timingFlags add all times of the storage's registry of clients, and of rounds.
func (g *guardFlags) timingFlags(cmd *cobra.Command) {
	g.registryFlags(cmd)
	flags, t := cmd.Flags(), &g.timing
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

// over returns the context's configuration with the flags put over it.
func (g *guardFlags) over(c guardconfig.Config) (guardconfig.Config, error) {
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

// parseFence parses HOST@TIME=WHO-SAYS-SO. Only the name of the host may contain an @.
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

// inventoryError classifies an error of opening the inventory. Only an unreachable
// database is no mistake of the user.
func inventoryError(err error) error {
	if errors.Is(err, guardconfig.ErrUnreachable) {
		return fmt.Errorf("%w: %w", volume.ErrUndetermined, err)
	}
	return &usageError{err}
}
