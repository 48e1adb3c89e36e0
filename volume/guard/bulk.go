package guard

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// CheckAll checks many volumes, each as Check does. It yields the report and error of
// each as soon as it is known, in no particular order. The volumes of a batch share, in
// each round, the ping and the lists of other volumes of each MDS, and one query per pool
// for their existence. That leaves one query per volume, MDS and round, within the Load.
// No two batches are asked at the same time.
//
// As with Check, an error of nil means that the report is valid when it is yielded. If a
// report expires while the body of the loop is busy, CheckAll checks its volume again
// instead. So a slow body makes CheckAll slower, but never wrong: it checks no more
// volumes at a time than the body can handle while their reports are valid. A body that
// takes longer than a report is valid (13 s with the defaults) still gets each report
// fresh.
//
// CheckAll takes paths one by one, and holds a bounded number of checks at a time. When
// ctx ends, it yields every remaining path as interrupted. It checks a path twice if
// paths has it twice.
func (g *Guard) CheckAll(ctx context.Context, paths iter.Seq[zbs.Path], opts ...CheckOption) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		if g.caller == nil {
			for path := range paths {
				if !yield(deny(path)) {
					return
				}
			}
			return
		}
		next, stop := iter.Pull(paths)
		defer stop()
		ctx, cancel := context.WithCancel(ctx)
		b := &bulk{guard: g, opts: opts, next: next, yield: yield, size: firstBatch}
		defer b.under.Wait()
		defer cancel()
		for b.step(ctx) {
		}
	}
}

// firstBatch is small, because it is not known yet how fast the MDS are.
const firstBatch = 8

// bulk is one call of CheckAll.
type bulk struct {
	guard *Guard
	opts  []CheckOption
	next  func() (zbs.Path, bool)
	yield func(Report, error) bool

	ended   bool          // next has no more paths
	again   []zbs.Path    // to check again, because their reports expired
	waiting []*pending    // for their next round, the first due first
	ready   []*pending    // decided, and not yielded yet
	size    int           // of a batch
	body    time.Duration // what the loop's body takes for a report, averaged
	took    time.Duration // what the last round took
	begin   time.Time     // of the next new checks, at the earliest
	under   sync.WaitGroup
}

// pending is a check between its rounds.
type pending struct {
	*check
	due time.Time
}

// step makes one round of one batch, or yields one report, and reports whether there is
// more to do. It prefers, in this order: reports that the body can handle at once, before
// they expire; checks due for another round, so that no more checks are open than the
// load allows in an interval; new checks, if the body is so slow that they can have their
// pause while it works; other reports; and else new checks.
func (b *bulk) step(ctx context.Context) bool {
	if ctx.Err() != nil {
		return b.interrupt(ctx)
	}
	if n := len(b.ready); n > 0 && time.Duration(n)*b.body <= b.took {
		return b.yieldNext()
	}
	if batch := b.due(); len(batch) > 0 {
		b.round(ctx, batch)
		return true
	}
	if !time.Now().Before(b.begin) && (len(b.ready) == 0 || b.body > b.took) {
		batch, goOn := b.fresh(ctx)
		if !goOn || len(batch) > 0 {
			b.round(ctx, batch)
			return goOn
		}
	}
	if len(b.ready) > 0 {
		return b.yieldNext()
	}
	return b.pause(ctx)
}

// pause waits until a check is due or may begin. It returns false if there is none.
func (b *bulk) pause(ctx context.Context) bool {
	var until time.Time
	if !b.ended || len(b.again) > 0 {
		until = b.begin
	}
	if len(b.waiting) > 0 && (until.IsZero() || b.waiting[0].due.Before(until)) {
		until = b.waiting[0].due
	}
	if until.IsZero() {
		return false
	}
	sleep(ctx, time.Until(until))
	return true
}

// due takes up to a batch of the checks whose pause is over.
func (b *bulk) due() (batch []*pending) {
	b.restart()
	slices.SortStableFunc(b.waiting, func(p, q *pending) int { return p.due.Compare(q.due) })
	now := time.Now()
	for len(batch) < b.size && len(b.waiting) > 0 && !b.waiting[0].due.After(now) &&
		(len(batch) == 0 || batch[0].alike(b.waiting[0])) {
		batch = append(batch, b.waiting[0])
		b.waiting = b.waiting[1:]
	}
	return batch
}

// restart begins anew with checks whose next round the loop's body delayed so long that
// it would not agree with the one before.
func (b *bulk) restart() {
	b.waiting = slices.DeleteFunc(b.waiting, func(p *pending) bool {
		late := time.Since(p.due) > p.Timing.RoundInterval
		if late {
			b.again = append(b.again, p.path)
		}
		return late
	})
}

// alike reports whether both checks can be in one batch. The cluster to ping with may
// change after an MDS turned out to be of another one, and the hosts at any time.
func (p *pending) alike(q *pending) bool {
	return p.facts == q.facts && p.evidence.Hosts == q.evidence.Hosts
}

// fresh begins up to a batch of new checks, as many as the loop's body can handle in
// time. It yields at once the report of a check that can have no round.
func (b *bulk) fresh(ctx context.Context) (batch []*pending, goOn bool) {
	var inventory *proof.Inventory
	var err error
	for read, room := false, b.room(); len(batch) < room; {
		path, ok := b.take()
		if !ok {
			break
		}
		if !read {
			inventory, err = b.guard.hosts.read(ctx)
			read = true
		}
		c := b.guard.newCheck(path, &b.under)
		if !c.begin(ctx, inventory, err, b.opts) {
			if !b.report(c.finish()) || !b.passOver(ctx, c, inventory) {
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
	if len(batch) > 0 {
		// No faster than the body, or it cannot handle them in time.
		b.begin = time.Now().Add(time.Duration(len(batch)) * min(b.body, batch[0].Timing.RoundInterval))
	}
	return batch, true
}

// room is how many checks may begin together: half of what the body can handle while a
// report is valid.
func (b *bulk) room() int {
	if b.body <= 0 {
		return b.size
	}
	s, _ := b.guard.settings(b.opts)
	return min(b.size, max(1, int(s.Timing.ValidFor()/2/b.body)))
}

// take returns the next path to check.
func (b *bulk) take() (zbs.Path, bool) {
	if n := len(b.again); n > 0 {
		path := b.again[0]
		b.again = b.again[1:]
		return path, true
	}
	if b.ended {
		return zbs.Path{}, false
	}
	path, ok := b.next()
	b.ended = !ok
	return path, ok
}

// round makes a round of the batch. Checks that are decided become ready, the others
// wait for another round.
func (b *bulk) round(ctx context.Context, batch []*pending) {
	if len(batch) == 0 {
		return
	}
	checks := make([]*check, len(batch))
	for i, p := range batch {
		checks[i] = p.check
	}
	r, err := b.guard.round(ctx, checks)
	if err == nil {
		r.run(ctx)
	}
	b.took = time.Since(r.began)
	if ctx.Err() != nil {
		b.waiting = append(b.waiting, batch...)
		return
	}
	b.adapt(r)
	for i, p := range batch {
		p.take(r.result(i))
		if due, more := p.next(p.decide()); more {
			p.due = p.start.Add(due)
			b.waiting = append(b.waiting, p)
		} else {
			b.ready = append(b.ready, p)
		}
	}
}

// adapt makes batches as large as fits into a span, at most as the load allows in half of
// one.
func (b *bulk) adapt(r *round) {
	if r.slow() {
		b.size = max(1, b.size/2)
		return
	}
	most := int(r.lead.span()/2/r.lead.load.every()) - r.needed.Len()
	b.size = min(2*b.size, max(1, most))
}
