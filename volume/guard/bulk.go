package guard

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// CheckAll checks many volumes, each as Check does, and yields the report and
// error of each as soon as it is known, in no particular order. The volumes of a
// batch share ping and canary of each MDS in each round, and a query for their
// existence per pool; what remains is a question per volume, MDS and round,
// within the Load. Two batches are never asked at the same time.
//
// It takes from paths as it goes, and holds a bounded number of checks at a time:
// as many as it can ask for in a round interval. The loop's body should be quick,
// for no MDS is asked meanwhile. When ctx ends, every path that is left is yielded
// as Interrupted. A path that comes twice is checked twice.
func (g *Guard) CheckAll(ctx context.Context, paths iter.Seq[zbs.Path], opts ...CheckOption) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		next, stop := iter.Pull(paths)
		defer stop()
		b := &bulk{guard: g, opts: opts, next: next, yield: yield, size: firstBatch}
		for b.step(ctx) {
		}
	}
}

// firstBatch is small: nobody knows yet how fast the MDS are.
const firstBatch = 8

// bulk is a CheckAll under way.
type bulk struct {
	guard *Guard
	opts  []CheckOption
	next  func() (zbs.Path, bool)
	yield func(Report, error) bool

	ended   bool       // next has no more
	waiting []*pending // for their next round, the longest waiting first
	size    int        // of a batch
	turn    int
}

// pending is a check between its rounds.
type pending struct {
	*check
	due time.Time
}

// step makes one round of one batch, and reports whether there is more to do.
// What is due for a further round goes first, so no more checks are under way than
// the load lets through in an interval.
func (b *bulk) step(ctx context.Context) bool {
	if batch := b.due(); len(batch) > 0 {
		return b.round(ctx, batch)
	}
	batch, goOn := b.fresh(ctx)
	switch {
	case !goOn:
		return false
	case len(batch) > 0:
		return b.round(ctx, batch)
	case len(b.waiting) > 0:
		if sleep(ctx, time.Until(b.waiting[0].due)) != nil {
			return b.interrupt(ctx)
		}
		return true
	}
	return false
}

// due takes up to a batch of those whose interval is over.
func (b *bulk) due() (batch []*pending) {
	now := time.Now()
	for len(batch) < b.size && len(b.waiting) > 0 && !b.waiting[0].due.After(now) &&
		(len(batch) == 0 || batch[0].alike(b.waiting[0])) {
		batch = append(batch, b.waiting[0])
		b.waiting = b.waiting[1:]
	}
	return batch
}

// alike reports whether both can be asked for in one batch: after an MDS was
// found to be of another cluster, what to ping with may change.
func (p *pending) alike(q *pending) bool { return p.facts == q.facts }

// fresh takes up to a batch of new paths. It yields at once what cannot be asked
// for.
func (b *bulk) fresh(ctx context.Context) (batch []*pending, goOn bool) {
	for len(batch) < b.size && !b.ended {
		path, ok := b.next()
		if !ok {
			b.ended = true
			break
		}
		c, halt, cause := b.guard.begin(ctx, path, b.opts)
		if halt.Code != "" {
			if !b.yield(b.guard.finish(c, halt, cause)) {
				return nil, false
			}
			continue
		}
		p := &pending{check: c}
		if len(batch) > 0 && !batch[0].alike(p) {
			b.waiting = slices.Insert(b.waiting, 0, p) // it is due
			break
		}
		batch = append(batch, p)
	}
	return batch, true
}

// round asks for the batch and yields those checks that are decided.
func (b *bulk) round(ctx context.Context, batch []*pending) bool {
	in := inquiry{guard: b.guard, terms: batch[0].terms, facts: batch[0].facts, turn: b.turn}
	for _, p := range batch {
		in.targets = append(in.targets, p.target)
	}
	b.turn++
	rounds, slow := in.run(ctx)
	b.adapt(in.terms, slow)
	over := time.Now()
	for i, p := range batch {
		if !b.take(ctx, p, rounds[i], in.began, over) {
			return false
		}
	}
	return true
}

func (b *bulk) take(ctx context.Context, p *pending, r Round, began, over time.Time) bool {
	if ctx.Err() != nil {
		return b.yield(b.guard.finish(p.check, Reason{Code: Interrupted, Detail: ctx.Err().Error()}, ctx.Err()))
	}
	r.Began = Seconds(began.Sub(p.began))
	p.evidence.Rounds = append(p.evidence.Rounds, r)
	if len(p.evidence.Rounds) < p.terms.rounds() && !decided(judge(p.terms, p.wall, p.evidence)) {
		p.due = over.Add(p.terms.Timing.RoundInterval)
		b.waiting = append(b.waiting, p)
		return true
	}
	return b.yield(b.guard.finish(p.check, Reason{}, nil))
}

// adapt makes the batches as large as fits well into a span, at most what the
// load lets through in half of one.
func (b *bulk) adapt(t Terms, slow bool) {
	if slow {
		b.size = max(1, b.size/2)
		return
	}
	b.size = min(2*b.size, max(1, int(t.Timing.Span/2/t.load.every())))
}

// interrupt yields all that is left.
func (b *bulk) interrupt(ctx context.Context) bool {
	halt := Reason{Code: Interrupted, Detail: ctx.Err().Error()}
	for _, p := range slices.Clone(b.waiting) {
		if !b.yield(b.guard.finish(p.check, halt, ctx.Err())) {
			return false
		}
	}
	b.waiting = nil
	return true
}
