package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// Guard tells whether a volume may be opened on a host because no other has it
// open. Its answer is Free only if that is proved; everything doubtful is
// Unknown. The rules stand in the documentation of the package.
//
// A Guard is safe for concurrent use, and equal questions of checks at the same
// time are one. The zero Guard denies: its checks are Unknown.
type Guard struct {
	caller  *mds.Caller // nil in the zero Guard
	hosts   inventories
	options []CheckOption
	ids     *identities
	pools   pools
	asker   *asker
	silent  silence
	rounds  *admission       // of rounds, within the Load
	now     func() time.Time // the time of day, for what a report says of it
}

// New returns a Guard that asks the MDS of the caller about volumes which the
// hosts may have open. Without hosts (nil, or a source that has none) nothing is
// ever Free. The options hold for every check.
//
// The error wraps mds.ErrInvalidOption: an option is bad, or a literal inventory
// is, such as an address that belongs to two hosts.
func New(caller *mds.Caller, hosts HostSource, opts ...CheckOption) (*Guard, error) {
	g := &Guard{
		caller:  caller,
		hosts:   inventories{source: hosts},
		options: opts,
		ids:     newIdentities(caller),
		asker:   newAsker(caller),
		rounds:  newAdmission(),
		now:     time.Now,
	}
	g.pools.asking.Wait = hedge
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

// Check finds out whether any host but the allowed ones has the volume open. The
// report is filled whatever the error. The error is nil only for a report that is
// Free and valid now; otherwise it is an *InUseError or an *UndeterminedError,
// which match ErrInUse and ErrUndetermined and say which hosts, or why.
//
// InUse is known as soon as one MDS lists a foreign client. Free takes
// Timing.Rounds rounds and what lies between, 13 s with the defaults, and longer
// when a disturbance spoils a round; no check takes longer than proof.Terms.Longest,
// 91 s by default. It changes nothing on the MDS.
func (g *Guard) Check(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	if g.caller == nil {
		return deny(path)
	}
	ctx, cancel := context.WithCancel(ctx)
	var under sync.WaitGroup
	defer under.Wait()
	defer cancel()
	c := g.newCheck(path, &under)
	inventory, err := g.hosts.read(ctx)
	if c.begin(ctx, inventory, err, opts) {
		c.run(ctx)
	}
	return c.finish()
}

// Wait checks until the answer is InUse or Free, and returns it as Check does.
// It gives up, with the last report, when ctx ends or when asking again comes to
// nothing (proof.Invalid). Between checks it waits as their reasons say. A report
// that expired before it could be told is checked again.
func (g *Guard) Wait(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	for {
		report, err := g.Check(ctx, path, opts...)
		if errors.Is(err, ErrReportExpired) && ctx.Err() == nil {
			continue
		}
		pause := report.RetryAfter()
		if report.Verdict != Unknown || pause == 0 {
			return report, err
		}
		if sleep(ctx, pause) != nil {
			return report, report.Err(ctx.Err())
		}
	}
}

// deny is the report of the zero Guard.
func deny(path zbs.Path) (Report, error) {
	halt := proof.Reason{Code: proof.Invalid, Detail: "the Guard was not made by guard.New"}
	report := proof.NewReport(proof.Case{
		Volume: path, Terms: proof.DefaultTerms(), BeganAt: time.Now(), Evidence: proof.Evidence{Halt: halt},
	}, clock.Now())
	return report, report.Err(nil)
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

// ExpectedCluster returns the cluster that a check with these options expects, ""
// if the majority of the MDS decides.
func (g *Guard) ExpectedCluster(opts ...CheckOption) string {
	return ExpectedCluster(slices.Concat(g.options, opts)...)
}
