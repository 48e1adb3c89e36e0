package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Guard tells whether a volume may be opened on a host because no other has it
// open. Its answer is Free only if that is proved; everything doubtful is
// Unknown. The rules, each of which has a test and a mutant (docs/guard-rules.md):
//
//  1. Identity. The expected cluster is the caller's (ExpectCluster), or the one
//     that a majority of the configured MDS names. An MDS counts in a round only
//     if it confirms that cluster by a ping in it. While any MDS names another
//     cluster nothing is Free, and the lists of that MDS say nothing.
//  2. Sync. It counts only if that ping names an agentVersion: without one the
//     agent was not synced since it started, and its lists are empty.
//  3. Canary. It counts only if, in the same round, it lists hosts for a volume
//     that is certainly open: at least one, at least MinCanaryHosts, and every
//     host that any MDS showed for it in the same or an earlier round. Of these
//     one that is allowed or fenced may be missing, and a fenced one is accounted
//     for in MinCanaryHosts.
//  4. Order. It counts only if ping, list and canary followed each other in this
//     order within Timing.Span, all asked after the check began. An answer older
//     than the check never counts.
//  5. Existence. In each round an MDS of the cluster says that the volume exists,
//     and none that it does not.
//  6. Path. The path names a volume, no snapshot and no remote volume, by
//     allow-list. Nothing is sent otherwise.
//  7. Quorum. In each round a majority of the configured MDS counts, not of the
//     reachable; with the policy All every one.
//  8. Rounds. There are Timing.Rounds rounds, from the end of each to the begin
//     of the next at least Timing.RoundInterval, and each keeps every rule.
//  9. Foreign client. Any client on any MDS in any round whose host is not allowed
//     means InUse, whatever else is missing or wrong; so does one whose address is
//     missing or cannot be read.
//  10. Fence. A client whose host is attested as fenced (FencedBy) is no foreign
//     one, in a round that began after the attested time, and unless it was not
//     there in an earlier round: then the host is back.
//
// # What it cannot promise
//
// A Guard reserves nothing: another host may open the volume right after the
// check, and one that did so in the last Refresh + LeaderRetry may not be seen.
// ValidFor bounds the use of a report; a lock among the callers is theirs to
// keep.
//
// A host that lost the MDS more than RegistryExpiry before the check and still
// reaches the data has vanished from every list. Only MinCanaryHosts makes that
// visible; a Free report without it carries the note NoHostMinimum. It rests on
// each host losing the MDS as a whole, its heartbeat with the rest.
//
// All MDS ask one registry, in the memory of their leader. A majority guards
// against agents that lie by themselves: restarted, stale, of another cluster,
// fewer than half of them. (An MDS that is listed by two addresses counts twice:
// list each once.) Against a registry that forgot, the canary and the
// rounds guard, as far as Timing.Disturbances says.
//
// # Use
//
// A Guard is safe for concurrent use, and checks of one volume at the same time
// share their rounds. The zero Guard denies: its checks are Unknown.
type Guard struct {
	caller  *mds.Caller // nil in the zero Guard
	options []CheckOption
	ids     *identities
	pools   pools
	pacers  map[zbs.Addr]*pacer
	busy    *semaphore.Weighted // by the rounds under way, see flight.weight
	now     func() time.Time    // the time of day, for what a report says of it

	mu      sync.Mutex // guards flights
	flights map[flightKey]*flight
}

// New returns a Guard that asks the MDS of the caller. The options hold for every
// check.
func New(caller *mds.Caller, opts ...CheckOption) *Guard {
	addrs := caller.Addrs()
	g := &Guard{
		caller:  caller,
		options: opts,
		ids:     newIdentities(addrs),
		pools:   pools{asking: newShared()},
		busy:    semaphore.NewWeighted(busyLimit),
		pacers:  make(map[zbs.Addr]*pacer, len(addrs)),
		now:     time.Now,
		flights: make(map[flightKey]*flight),
	}
	for _, addr := range addrs {
		g.pacers[addr] = &pacer{}
	}
	return g
}

// Check finds out whether any host but the allowed ones has the volume open. The
// report is filled whatever the error. The error is nil only for Free; otherwise
// it is an *InUseError or an *UndeterminedError, which match ErrInUse and
// ErrUndetermined and say which hosts, or why.
//
// InUse is known after one round. Free takes Timing.Rounds of them and what lies
// between, 13 s with the defaults; no check takes longer than Timing.Longest. It
// changes nothing on the MDS.
func (g *Guard) Check(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	c, halt, cause := g.begin(ctx, path, opts)
	if halt.Code == "" {
		halt = g.gather(ctx, c)
	}
	if halt.Code == Interrupted {
		cause = ctx.Err()
	}
	return g.finish(c, halt, cause)
}

// Wait checks until the answer is InUse or Free, and returns it as Check does.
// It gives up, with the last report, when ctx ends or when asking again comes to
// nothing (Invalid). Between checks it waits as their reasons say.
func (g *Guard) Wait(ctx context.Context, path zbs.Path, opts ...CheckOption) (Report, error) {
	for {
		report, err := g.Check(ctx, path, opts...)
		pause := report.retryAfter()
		if report.Verdict != Unknown || pause == 0 {
			return report, err
		}
		if sleep(ctx, pause) != nil {
			return report, &UndeterminedError{Path: path, Reasons: report.Reasons, cause: ctx.Err()}
		}
	}
}

// check is one check under way.
type check struct {
	path     zbs.Path
	terms    Terms
	target   target
	facts    zbs.Facts
	began    time.Time
	wall     time.Time // the time of day then
	evidence Evidence
}

// begin reads the options and learns what the rounds need to know. The reason
// and its error say why there can be none.
func (g *Guard) begin(ctx context.Context, path zbs.Path, opts []CheckOption) (*check, Reason, error) {
	c := &check{path: path, began: time.Now()}
	if g.caller == nil {
		c.wall = c.began
		return c, Reason{Code: Invalid, Detail: "the Guard was not made by guard.New"}, nil
	}
	c.wall = g.now()
	c.evidence.MDS = g.caller.Addrs()
	terms, err := g.read(path, opts)
	c.terms = terms
	if err != nil {
		return c, Reason{Code: Invalid, Detail: oneLine(err)}, err
	}
	if terms.Policy != First {
		c.evidence.Identities = g.ids.learn(ctx, g.caller, terms.Timing.Span)
		c.facts = factsOf(c.evidence.Identities, terms.ExpectCluster)
	}
	if c.target, err = g.resolve(ctx, c); err != nil {
		return c, haltOf(ctx, err), err
	}
	return c, Reason{}, nil
}

// read applies the options to the defaults. Nothing is sent when they or the
// path are wrong.
func (g *Guard) read(path zbs.Path, opts []CheckOption) (Terms, error) {
	terms := Terms{Timing: Timing{}.withDefaults(), load: Load{}.withDefaults()}
	var errs []error
	for _, opt := range slices.Concat(g.options, opts) {
		errs = append(errs, opt(&terms))
	}
	if path.IsSnapshot() {
		errs = append(errs, fmt.Errorf("%w: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, path.OfVolume()))
	}
	if err := errors.Join(append(errs, path.Validate())...); err != nil {
		return terms, err
	}
	if terms.Canary == (zbs.Path{}) {
		terms.Canary = zbs.Path{Pool: path.Pool, Volume: HeartbeatVolume}
	}
	return terms, nil
}

// resolve finds the physical pools of volume and canary.
func (g *Guard) resolve(ctx context.Context, c *check) (t target, err error) {
	if t.volume, err = g.locate(ctx, c.path, c); err != nil {
		return t, err
	}
	if t.canary, err = g.locate(ctx, c.terms.Canary, c); err != nil {
		return t, fmt.Errorf("canary %s: %v", c.terms.Canary, err) // not ErrNotFound: it is not about the volume
	}
	return t, nil
}

func haltOf(ctx context.Context, err error) Reason {
	r := Reason{Code: PoolsUnknown, Detail: oneLine(err)}
	switch {
	case ctx.Err() != nil:
		r.Code = Interrupted
	case errors.Is(err, ErrNotFound):
		r.Code = VolumeMissing
	}
	return r
}

// gather collects the rounds that the check needs, or fewer when more of them
// cannot change the verdict to Free. The reason says what ended it before.
func (g *Guard) gather(ctx context.Context, c *check) Reason {
	f := g.board(ctx, c)
	defer f.leave()
	need := c.terms.rounds()
	for len(c.evidence.Rounds) < need {
		select {
		case r := <-f.rounds:
			r.Began = Seconds(r.at.Sub(c.began))
			c.evidence.Rounds = append(c.evidence.Rounds, r.Round)
		case <-ctx.Done():
			return Reason{Code: Interrupted, Detail: ctx.Err().Error()}
		}
		if len(c.evidence.Rounds) < need && decided(judge(c.terms, c.wall, c.evidence)) {
			break
		}
	}
	return Reason{}
}

// rounds is how many rounds the check needs.
func (t Terms) rounds() int {
	if t.Policy == First {
		return 1
	}
	return t.Timing.Rounds
}

// decided reports whether further rounds cannot make the ruling Free.
func decided(r ruling) bool {
	return r.verdict == InUse || slices.ContainsFunc(r.reasons, func(r Reason) bool { return r.Code != TooFewRounds })
}

// finish judges the evidence.
func (g *Guard) finish(c *check, halt Reason, cause error) (Report, error) {
	c.evidence.Halt = halt
	report := newReport(c)
	if g.caller != nil && slices.ContainsFunc(report.Reasons, func(r Reason) bool { return r.Code == WrongCluster }) {
		g.ids.forget()
		g.pools.forget()
	}
	return report, report.err(cause)
}
