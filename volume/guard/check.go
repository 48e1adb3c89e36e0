package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// check is one check of a volume. It gathers the evidence of a proof.Case.
type check struct {
	guard *Guard
	settings
	began clock.Instant
	start time.Time       // the same, for arithmetic
	under *sync.WaitGroup // goroutines of the check

	facts    zbs.Facts
	volume   zbs.CBDPath
	evidence proof.Evidence
	path     zbs.Path
	wall     time.Time // the time of day when the check began
	cause    error     // of an abort

	mu   sync.Mutex // guards late
	late []proof.Observation
}

func (g *Guard) newCheck(path zbs.Path, under *sync.WaitGroup) *check {
	c := &check{guard: g, path: path, under: under, began: clock.Now(), start: time.Now(), wall: g.now()}
	c.evidence.MDS = g.caller.Addrs()
	return c
}

// begin reads the options, and asks what the rounds need to know. It reports whether
// there can be rounds.
func (c *check) begin(ctx context.Context, inventory *proof.Inventory, unread error, opts []CheckOption) bool {
	return c.prepare(ctx, inventory, unread, opts) && c.learn(ctx)
}

// prepare reads the options. It sends nothing.
func (c *check) prepare(ctx context.Context, inventory *proof.Inventory, unread error, opts []CheckOption) bool {
	var err error
	c.settings, err = c.guard.settings(opts)
	c.evidence.Hosts = inventory
	if c.path.IsSnapshot() {
		err = errors.Join(err, fmt.Errorf("%w: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, c.path.OfVolume()))
	}
	if unread == nil {
		err = errors.Join(err, nameHosts(&c.Terms, inventory))
	}
	switch err = errors.Join(err, c.path.Validate()); {
	case err != nil:
		return c.abort(ctx, proof.Invalid, err)
	case unread != nil:
		return c.abort(ctx, proof.InventoryUnknown, unread)
	}
	return true
}

// learn finds out the cluster of the MDS, and the physical pool of the volume.
func (c *check) learn(ctx context.Context) (known bool) {
	var err error
	if c.Policy != First {
		c.guard.ids.learn(ctx, c.under, c.ExpectCluster, c.limits())
		c.facts = factsOf(c.guard.ids.evidence(), c.ExpectCluster)
	}
	if c.volume, err = c.guard.pools.locate(ctx, c.path, c.facts.UUID, c.span()); err != nil {
		code := proof.PoolsUnknown
		if errors.Is(err, ErrNotFound) {
			code = proof.VolumeMissing
		}
		return c.abort(ctx, code, err)
	}
	return true
}

// abort notes why the check has no more rounds. It returns false.
func (c *check) abort(ctx context.Context, code proof.Code, err error) bool {
	if ctx.Err() != nil && code != proof.Invalid {
		code, err = proof.Interrupted, ctx.Err()
	}
	c.evidence.Abort = proof.Reason{Code: code, Detail: strings.ReplaceAll(err.Error(), "\n", "; ")}
	c.cause = err
	return false
}

// span bounds the time of an MDS in a round.
func (c *check) span() time.Duration { return c.Timing.Span }

func (c *check) limits() limits { return limits{c.load.every(), c.span()} }

// decide decides by the evidence, together with a round that is not over yet, if there
// is one.
func (c *check) decide(unfinished ...proof.Round) proof.Decision {
	c.evidence.Identities = c.guard.ids.evidence()
	at := c.proofCase()
	at.Evidence.Rounds = slices.Concat(at.Evidence.Rounds, unfinished)
	return at.Decide()
}

func (c *check) proofCase() proof.Case {
	return proof.Case{Volume: c.path, Terms: c.Terms, BeganAt: c.wall, Evidence: c.evidence}
}

// take adds what a round found out about the check's volume.
func (c *check) take(r proof.Round) { c.evidence.Rounds = append(c.evidence.Rounds, r) }

// next returns when another round is worth its time, since the check began. It returns
// false if none is.
func (c *check) next(d proof.Decision) (due time.Duration, more bool) {
	if c.Policy == First || !d.Open || len(d.Rounds) == 0 {
		return 0, false
	}
	first := time.Duration(c.evidence.Rounds[0].Began)
	last := first + c.Timing.Patience()
	switch {
	case slices.ContainsFunc(d.Rounds, func(w proof.RoundWorth) bool { return w.Counts }):
		last += time.Duration(c.Timing.Rounds-1) * c.Timing.RoundInterval
	case mayFence(d):
		last += time.Duration(c.SelfFencing) + time.Duration(c.Timing.Disturbances())*c.Timing.RoundInterval
	}
	return d.Next, d.Next <= last+c.span()
}

// mayFence reports whether hosts have time left to fence themselves.
func mayFence(d proof.Decision) bool {
	return slices.ContainsFunc(d.Reasons, func(r Reason) bool { return r.Code == proof.SelfFencingPending })
}

// finish makes the report. Its error is not nil if the verdict has expired by then.
func (c *check) finish() (Report, error) {
	c.evidence.Identities = c.guard.ids.evidence()
	report := proof.NewReport(c.proofCase(), c.began)
	if slices.ContainsFunc(report.Reasons, func(r Reason) bool { return r.Code == proof.WrongCluster }) {
		c.guard.ids.forget()
		c.guard.pools.forget()
	}
	if report.Verdict == Free && report.Expired() {
		return report, expired(report)
	}
	return report, report.Err(c.cause)
}

// expired is the error of a Free report that can no longer be acted on.
func expired(r Report) error {
	return fmt.Errorf("%w: %w: %s was free at %s, for %v", ErrUndetermined, ErrReportExpired, r.Volume, r.ObservedAt.Format(time.RFC3339), r.ValidFor)
}

// fenced reports whether an attestation of the host holds for the check.
func (c *check) fenced(name string) bool {
	return slices.ContainsFunc(c.Fences, func(a Attestation) bool {
		age := c.wall.Sub(a.At)
		return a.Host == name && age >= 0 && age <= time.Duration(c.MaxFenceAge)
	})
}

// addLate keeps what an MDS answered after its round, for the next round.
func (c *check) addLate(o proof.Observation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = append(c.late, o)
}

func (c *check) takeLate() []proof.Observation {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.late
	c.late = nil
	return late
}
