package guard

import (
	"errors"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// Guard tells whether a volume may be opened on a host because no other host has it
// open. Its verdict is Free only if that is proved, and Unknown in case of doubt. The
// rules stand in the documentation of the package.
//
// A Guard is safe for concurrent use. Its checks share equal queries at the same time.
// The checks of the zero Guard are Unknown.
type Guard struct {
	caller  *mds.Caller // nil in the zero Guard
	hosts   inventories
	options []CheckOption
	ids     *identities
	pools   *pools
	querier *querier
	silent  silence
	rounds  *admission       // of rounds, by the Load
	now     func() time.Time // the time of day, for reports
}

// New returns a Guard that asks the MDS of the caller about volumes which the hosts may
// have open. Without hosts (nil, or a source that has none) no volume is ever Free. The
// options hold for every check.
//
// The error wraps mds.ErrInvalidOption if an option is bad, or if literal hosts are, such
// as two hosts with one address.
func New(caller *mds.Caller, hosts HostSource, opts ...CheckOption) (*Guard, error) {
	g := &Guard{
		caller:  caller,
		hosts:   inventories{source: hosts},
		options: opts,
		ids:     newIdentities(caller),
		querier: newQuerier(caller),
		rounds:  newAdmission(),
		now:     time.Now,
	}
	g.pools = newPools(caller, g.ids, &g.silent)
	_, err := g.settings(nil)
	if literal, ok := hosts.(Hosts); ok {
		if bad := literal.Validate(); bad != nil {
			err = errors.Join(err, invalid("inventory of hosts: %w", bad))
		}
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// settings applies the options to the defaults.
func (g *Guard) settings(opts []CheckOption) (settings, error) {
	s := settings{Terms: proof.DefaultTerms(), load: Load{}.withDefaults()}
	var errs []error
	for _, opt := range slices.Concat(g.options, opts) {
		errs = append(errs, opt(&s))
	}
	return s, errors.Join(errs...)
}

// ExpectedCluster returns the cluster that a check with these options expects, or "" if
// the majority of the MDS decides.
func (g *Guard) ExpectedCluster(opts ...CheckOption) string {
	return ExpectedCluster(slices.Concat(g.options, opts)...)
}
