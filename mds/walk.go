package mds

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// walk is one call on its way over the MDS: it only decides who is asked next,
// and when. A command that changes something goes to one MDS after the other.
// For a read with TryNext the next one starts also while those before are under
// way, when the last has not answered within its stagger.
type walk struct {
	caller *Caller
	op     op
	call   callConfig
	ctx    context.Context // of the call
	began  time.Time
	others sync.WaitGroup // attempts beside the one in the caller's goroutine

	mu      sync.Mutex // guards what follows
	waiting []*node    // not asked yet, in the order of the router; behind them those that were put off
	tries   []*try     // in the order they began
	refused []*node    // not asked, for the retry budget
	tardy   []*node    // put off because they were not recognised in time
	timer   *time.Timer
	stagger time.Duration // after which the newest is late
	patient bool          // it was late, and the budget did not allow another
	over    bool
	exhaust bool  // it is over because nobody was left to ask
	refusal error // of SendOnlyWhile: it is over because of that
	winner  *try
	served  time.Duration // what the winner took
	answer  any

	waitingSpace [4]*node // room for small clusters, and calls that need no second try
	triesSpace   [4]*try
	first        try
}

// run asks until one answers, and returns when no attempt is under way any more.
func (w *walk) run() (any, error) {
	w.waiting = append(w.waitingSpace[:0], w.caller.route(&w.call)...)
	w.tries = w.triesSpace[:0]
	w.began = time.Now()
	w.mu.Lock()
	t := w.nextLocked(w.firstReason())
	w.mu.Unlock()
	if t != nil {
		w.caller.probeOthers(w, t.node)
		w.follow(t)
	}
	w.others.Wait()
	return w.result()
}

func (w *walk) firstReason() Why {
	if w.call.target != nil {
		return WhyTargeted
	}
	return WhyFirst
}

// staggered reports whether attempts may overlap.
func (w *walk) staggered() bool {
	return w.op.endpoint.Repeat == zbs.Read && w.call.tryNext && w.caller.cfg.hedge.On()
}

// follow makes the attempt, and those that follow from it.
func (w *walk) follow(t *try) {
	for t != nil {
		ctx, end := w.caller.beginAttempt(t.ctx, w.op.endpoint, t.node.addr)
		t.ctx = ctx
		r := w.caller.attempt(t, w.op, &w.call)
		step := w.ended(t, &r)
		t.node.count(w.op.endpoint, r)
		end(r.Attempt)
		w.log(r, step)
		t = w.goOn(t, r, step)
	}
}

// ended takes the end of an attempt and says what comes next. The breaker is told
// before anybody is chosen.
func (w *walk) ended(t *try, r *result) step {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Why, r.Breaker, r.Began = t.attempt.Why, t.attempt.Breaker, t.attempt.Began
	if t.lost != answered {
		t.judgeLoser(r)
	}
	if r.outcome == outrun && r.served > 0 {
		r.served = max(r.served, w.served) // that it would have been quicker is not known
	}
	t.node.breaker.report(r.health())
	t.attempt, t.ended = r.Attempt, true
	if w.over {
		return stop
	}
	next := r.outcome.after(w.op.endpoint.Repeat, w.call.tryNext && !(w.call.oneNo && r.outcome == denied))
	switch {
	case next == finish:
		w.winner, w.answer, w.served = t, r.answer, r.served
		w.overLocked()
	case next == stop:
		w.stopLocked(t, r)
	}
	return next
}

// stopLocked ends the walk without an answer.
func (w *walk) stopLocked(t *try, r *result) {
	if r.outcome == withheld {
		w.refusal = r.Err
		if t.extra && !r.Sent {
			w.caller.budget.Return()
		}
	}
	w.overLocked()
}

// goOn begins the attempt that is made in place of one that has ended, if any.
// When one began later and is under way, its stagger decides.
func (w *walk) goOn(t *try, r result, next step) *try {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over || next != askNext:
		return nil
	case r.late:
		w.putOffLocked(t)
		w.tardy = append(w.tardy, t.node)
		return w.nextLocked(WhyFailed)
	case r.outcome == putOff:
		w.putOffLocked(t)
		w.patient = true
		return w.nextLateLocked()
	}
	later := w.tries[slices.Index(w.tries, t)+1:]
	if slices.ContainsFunc(later, func(other *try) bool { return !other.ended }) {
		return nil
	}
	return w.nextLocked(WhyFailed)
}

// recognitionBound bounds how long the try's agent may take to be recognised, as
// long as an MDS is left that has not been too late with it; 0: the time of an
// attempt does. A read whose attempts overlap needs no bound.
func (t *try) recognitionBound() time.Duration {
	w := t.walk
	if w == nil || w.staggered() {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.waiting, func(n *node) bool { return !slices.Contains(w.tardy, n) }) {
		return 0
	}
	return w.caller.cfg.hedge.Most
}

// putOffLocked puts the MDS of an attempt behind the others, as if it had not been
// asked: no request of the call was sent. Another attempt takes over what it was
// allowed.
func (w *walk) putOffLocked(t *try) {
	w.tries = slices.DeleteFunc(w.tries, func(other *try) bool { return other == t })
	w.waiting = append(w.waiting, t.node)
	if t.extra {
		w.caller.budget.Return()
	}
}

// judgeLoser says how an attempt ended that another one made superfluous. What
// it brought all the same comes too late.
func (t *try) judgeLoser(r *result) {
	switch r.outcome {
	case answered:
		r.outcome = outrun // so it is not slow
	case unsent, faulted, timedOut:
		r.outcome = t.lost
	default:
		return
	}
	r.Err = &lateError{r.Duration}
	if r.Phase == "" {
		r.Phase = PhaseWait
	}
}

// overLocked ends the walk: attempts that are under way lose. One that began
// before the winner was slow, as far as it got hold of a connection.
func (w *walk) overLocked() {
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
	slow := w.winner != nil
	for _, t := range w.tries {
		if t == w.winner {
			slow = false
		} else if !t.ended {
			t.lost = outrun
			if slow && t.placed.Load() != nil {
				t.lost = overtaken
			}
			t.cancel()
		}
	}
}

// nextLocked begins an attempt at the best of those that wait. It returns nil when
// nobody is left, or may be asked now.
func (w *walk) nextLocked(why Why) *try {
	if w.ctx.Err() != nil {
		w.overLocked()
		return nil
	}
	for len(w.waiting) > 0 {
		i := best(w.waiting)
		n := w.waiting[i]
		affordable, extra := w.affordableLocked(n, why)
		if !affordable && why == WhySlow && w.busyLocked() {
			return nil // perhaps later
		}
		w.waiting = slices.Delete(w.waiting, i, i+1)
		if affordable {
			t := w.beginLocked(n, why)
			t.extra = extra
			return t
		}
		w.refused = append(w.refused, n)
	}
	if !w.busyLocked() {
		w.exhaust = true
		w.overLocked()
	}
	return nil
}

// nextLateLocked is nextLocked when an attempt takes long. If nobody may be
// asked now, it is tried again after a while.
func (w *walk) nextLateLocked() *try {
	t := w.nextLocked(WhySlow)
	if t == nil && !w.over && len(w.waiting) > 0 {
		w.patient = true
		w.rearmLocked(staggerPatience * w.stagger)
	}
	return t
}

// affordableLocked reports whether n may be asked although a request of this
// call may have reached another MDS, which has not answered it. That costs an
// extra attempt of the budget. When it is spent, an MDS that has not failed
// lately is asked all the same if the one before failed; if that is merely slow,
// only after a long while.
func (w *walk) affordableLocked(n *node, why Why) (affordable, extra bool) {
	unanswered := func(t *try) bool { return t.ended && t.attempt.MayHaveRun() || !t.ended && t.underway() }
	if !slices.ContainsFunc(w.tries, unanswered) {
		return true, false
	}
	if w.caller.budget.Take() {
		return true, true
	}
	return n.breaker.clean.Load() && (why == WhyFailed || w.patient), false
}

func (w *walk) beginLocked(n *node, why Why) *try {
	t := &w.first
	if t.node != nil {
		t = &try{}
	}
	t.begin(w.ctx, n, w.call.timeout)
	t.walk, t.valid = w, w.call.valid
	t.attempt = Attempt{Addr: n.addr, Why: why, Breaker: n.breaker.state(), Began: t.began.Sub(w.began)}
	n.tally(w.op.endpoint.Name).attempts.Add(1)
	w.tries = append(w.tries, t)
	if w.staggered() && len(w.waiting) > 0 {
		w.stagger, w.patient = w.caller.stagger(n, w.op.endpoint.Name), false
		w.rearmLocked(w.stagger)
	}
	return t
}

func (w *walk) rearmLocked(d time.Duration) {
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.late)
		return
	}
	w.timer.Reset(d)
}

// late runs when the newest attempt may have taken longer than its stagger.
func (w *walk) late() {
	t := w.startLate()
	if t == nil {
		return
	}
	defer w.others.Done()
	w.follow(t)
}

func (w *walk) startLate() *try {
	w.mu.Lock()
	defer w.mu.Unlock()
	newest := w.newestLocked()
	if w.over || newest == nil {
		return nil // whoever ended goes on
	}
	if newest.queue.Load() == inQueue {
		w.reconsiderLocked(newest)
		return nil
	}
	if left := w.stagger - newest.onTheWay(); left > 0 {
		w.rearmLocked(left)
		return nil
	}
	t := w.nextLateLocked()
	if t != nil {
		w.others.Add(1)
	}
	return t
}

// reconsiderLocked takes an attempt that waits for a connection out of the queue
// when there is somebody better now. It goes on with that one itself.
func (w *walk) reconsiderLocked(t *try) {
	if other := w.bestLocked(); other != nil && (other.rank() < t.node.rank() || other.rank() == t.node.rank() && other.free() && !t.node.free()) {
		t.withdraw()
		return
	}
	w.rearmLocked(max(w.stagger/queueChecks, time.Millisecond))
}

// prefersAnother reports whether an MDS that waits is better by now.
func (w *walk) prefersAnother(n *node) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	other := w.bestLocked()
	return other != nil && other.rank() < n.rank()
}

// bestLocked returns who would be asked next, nil if nobody is left.
func (w *walk) bestLocked() *node {
	if len(w.waiting) == 0 {
		return nil
	}
	return w.waiting[best(w.waiting)]
}

// newestLocked returns the attempt under way that began last.
func (w *walk) newestLocked() *try {
	for _, t := range slices.Backward(w.tries) {
		if !t.ended {
			return t
		}
	}
	return nil
}

// busyLocked reports whether an attempt is under way.
func (w *walk) busyLocked() bool { return w.newestLocked() != nil }

func (w *walk) log(r result, next step) {
	logger := w.caller.cfg.logger
	level := slog.LevelDebug
	if next == askNext {
		level = slog.LevelWarn
	}
	if !logger.Enabled(w.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String(keyOp, w.op.endpoint.Name),
		slog.String(keyMDS, r.Addr.String()),
		slog.Duration(keyDuration, r.Duration),
	}
	if r.Err != nil {
		attrs = append(attrs, slog.String(keyPhase, string(r.Phase)), slog.Any(keyError, r.Err))
	}
	logger.LogAttrs(w.ctx, level, "mds attempt", attrs...)
}

// Keys of log records.
const (
	keyOp       = "op"
	keyMDS      = "mds"
	keyPhase    = "phase"
	keyError    = "error"
	keyDuration = "duration"
)
