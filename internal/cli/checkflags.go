package cli

import (
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
)

// checkFlags say what zbsctl guard checks, and how it answers.
type checkFlags struct {
	*guardFlags
	policy   string
	canary   string
	cluster  string
	wait     time.Duration
	explain  bool
	fromFile string
	out      *format
}

// checkOptions returns the options of a check beside its inventory and timing.
func (f *checkFlags) checkOptions() ([]guard.CheckOption, error) {
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

// gone is a flag that no longer exists. Its text names the replacement.
type gone string

// String, Set and Type make gone a flag.
func (gone) String() string     { return "" }
func (gone) Type() string       { return "" }
func (g gone) Set(string) error { return usagef("it is gone: %s", string(g)) }
