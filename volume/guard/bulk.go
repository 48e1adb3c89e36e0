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

// CheckAll checks many volumes, each as Check does, and yields the report and
// error of each as soon as it is known, in no particular order. The volumes of a
// batch share ping and lists of other volumes of each MDS in each round, and a
// query for their existence per pool; what remains is a question per volume, MDS
// and round, within the Load. Two batches are never asked at the same time.
//
// As of Check, an error of nil means that the report is valid when it is yielded.
// A report that expired while the body of the loop was busy with others is not
// yielded: its volume is checked again. So a slow body makes CheckAll slower, and
// never wrong; it looks at no more volumes at a time than the body gets through
// while their reports are valid. A body that takes longer than a report is valid
// (13 s with the defaults) still gets each report fresh.
//
// It takes from paths as it goes, and holds a bounded number of checks at a time.
// When ctx ends, every path that is left is yielded as interrupted. A path that
// comes twice is checked twice.
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

// firstBatch is small: nothing tells yet how fast the MDS are.
const firstBatch = 8

// bulk is a CheckAll under way.
type bulk struct {
	guard *Guard
	opts  []CheckOption
	next  func() (zbs.Path, bool)
	yield func(Report, error) bool

	ended   bool          // next has no more
	again   []zbs.Path    // to be checked again, for their reports expired
	waiting []*pending    // for their next round, the longest waiting first
	ready   []*pending    // decided, and not told of yet
	size    int           // of a batch
	body    time.Duration // what the loop's body takes for a report, of late
	took    time.Duration // what the last round took
	begin   time.Time     // from when on further checks may begin
	under   sync.WaitGroup
}

// pending is a check between its rounds.
type pending struct {
	*check
	due time.Time
}

// step makes one round of one batch, or tells of one report, and reports whether
// there is more to do. Reports that the body gets through at once go first, before
// they expire, and then what is due for a further round, so no more checks are
// under way than the load lets through in an interval. Other reports come before
// fresh checks, unless the body is so slow that these can have their pause while it
// works.
func (b *bulk) step(ctx context.Context) bool {
	if ctx.Err() != nil {
		return b.interrupt(ctx)
	}
	if n := len(b.ready); n > 0 && time.Duration(n)*b.body <= b.took {
		return b.tellNext()
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
		return b.tellNext()
	}
	return b.pause(ctx)
}

// pause waits until something is due, and reports whether anything will be.
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

// due takes up to a batch of those whose pause is over.
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

// restart puts back checks that the loop's body has kept from their next round for
// so long that it would say nothing of the one before.
func (b *bulk) restart() {
	b.waiting = slices.DeleteFunc(b.waiting, func(p *pending) bool {
		late := time.Since(p.due) > p.Timing.RoundInterval
		if late {
			b.again = append(b.again, p.path)
		}
		return late
	})
}

// alike reports whether both can be asked for in one batch: after an MDS was
// found to be of another cluster, what to ping with may change, and the hosts may
// change at any time.
func (p *pending) alike(q *pending) bool {
	return p.facts == q.facts && p.evidence.Hosts == q.evidence.Hosts
}

// fresh takes up to a batch of new paths, as many as the loop's body will get
// through in time. It tells at once of what cannot be asked for.
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
			if !b.tell(c.finish()) || !b.passOver(ctx, c, inventory) {
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
		// No faster than the body, or it will not get through them in time.
		b.begin = time.Now().Add(time.Duration(len(batch)) * min(b.body, batch[0].Timing.RoundInterval))
	}
	return batch, true
}

// room is how many checks may begin together: half of what the body gets through
// while a report is valid.
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

// round asks for the batch. Checks that are decided are ready to be told of, the
// others wait for a further round.
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

// adapt makes the batches as large as fits well into a span, at most what the
// load lets through in half of one.
func (b *bulk) adapt(r *round) {
	if r.slow() {
		b.size = max(1, b.size/2)
		return
	}
	most := int(r.lead.span()/2/r.lead.load.every()) - r.needed.Len()
	b.size = min(2*b.size, max(1, most))
}
