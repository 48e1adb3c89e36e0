package guard

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/internal/coalesce"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// querier sends single queries to single MDS, for all checks of a Guard. Equal queries at
// the same time share one, by package coalesce. Each reply says when the query was sent.
type querier struct {
	caller   *mds.Caller
	limiters map[zbs.Addr]*limiter

	pings   coalesce.Group[queryKey, reply[zbs.PingReply]]
	lists   coalesce.Group[queryKey, reply[zbs.VolumeClients]]
	queries coalesce.Group[queryKey, reply[zbs.VolumeInfo]]
}

// queryKey is the same for equal queries.
type queryKey struct {
	addr   zbs.Addr
	about  string // a path, or the cluster that is pinged
	limits limits
}

// limits bound the rate and the time of queries.
type limits struct {
	every time.Duration // between two queries
	span  time.Duration // the most that a query may take
}

// reply is the answer to a query, and when the query was sent.
type reply[R any] struct {
	value   R
	asked   time.Time
	took    time.Duration
	outcome proof.Outcome
	text    string
}

// hedge is how long a query waits for an equal one before it is sent, too.
const hedge = mds.DefaultMostHedgeDelay

func newQuerier(caller *mds.Caller) *querier {
	q := &querier{caller: caller, limiters: make(map[zbs.Addr]*limiter)}
	for _, addr := range caller.Addrs() {
		q.limiters[addr] = &limiter{}
	}
	q.lists.Wait, q.queries.Wait = hedge, hedge
	q.pings.Wait = proof.DefaultSpan // one at a time: a silent MDS does not get more and more
	return q
}

func (q *querier) ping(ctx context.Context, addr zbs.Addr, facts zbs.Facts, l limits) reply[zbs.PingReply] {
	return ask(ctx, q, &q.pings, queryKey{addr, facts.UUID + " " + facts.Version, l}, zbs.Ping{Cluster: facts})
}

func (q *querier) clients(ctx context.Context, addr zbs.Addr, path zbs.CBDPath, l limits) reply[zbs.VolumeClients] {
	return ask(ctx, q, &q.lists, queryKey{addr, path.String(), l}, zbs.GetVolumeClients{Path: path})
}

func (q *querier) query(ctx context.Context, addr zbs.Addr, path zbs.CBDPath, l limits) reply[zbs.VolumeInfo] {
	return ask(ctx, q, &q.queries, queryKey{addr, path.String(), l}, zbs.QueryVolume{Path: path})
}

func ask[R any](ctx context.Context, q *querier, group *coalesce.Group[queryKey, reply[R]], key queryKey, command zbs.Command[R]) reply[R] {
	asked := time.Now()
	r, left, err := group.Do(ctx, key, func(ctx context.Context) (reply[R], error) {
		return once(ctx, q, key.addr, key.limits, command), nil
	})
	if err != nil || left {
		return reply[R]{asked: asked, took: time.Since(asked), outcome: proof.NoAnswer, text: "the check ended before it answered"}
	}
	return r
}

// once sends a query to one MDS, within the limits.
func once[R any](ctx context.Context, q *querier, addr zbs.Addr, l limits, command zbs.Command[R]) reply[R] {
	var r reply[R]
	inTurn := q.limiters[addr].wait(ctx, l.every, time.Now().Add(l.span))
	r.asked = time.Now()
	if !inTurn {
		r.outcome, r.text = proof.NoAnswer, "no time left to ask"
		return r
	}
	value, err := mds.Call(ctx, q.caller, command, mds.Target(addr), mds.Timeout(min(l.span, q.caller.AttemptTimeout())))
	r.value, r.took = value, time.Since(r.asked)
	r.outcome, r.text = outcomeOf(err)
	return r
}

// answer returns the reply for a report, in a round that began at began.
func (r reply[R]) answer(began time.Time) proof.Answer {
	return proof.Answer{Asked: proof.Seconds(r.asked.Sub(began)), Took: proof.Seconds(r.took), Outcome: r.outcome, Error: r.text}
}

func listAnswer(r reply[zbs.VolumeClients], began time.Time) proof.ListAnswer {
	return proof.ListAnswer{Answer: r.answer(began), Clients: r.value.Clients}
}

// outcomeOf reads an error of a call to one MDS.
func outcomeOf(err error) (proof.Outcome, string) {
	if err == nil {
		return proof.Answered, ""
	}
	text := err.Error()
	if walk, ok := errors.AsType[*mds.CallError](err); ok && len(walk.Attempts) == 1 {
		text = walk.Attempts[0].Err.Error()
	}
	if errors.Is(err, zbs.ErrAgentTooOld) {
		return proof.TooOld, strings.TrimPrefix(text, zbs.ErrAgentTooOld.Error()+": ")
	}
	if errors.Is(err, zbs.ErrUnsupported) {
		return proof.Refused, text // an answer: the MDS cannot tell
	}
	if no, ok := errors.AsType[*zbs.AgentError](err); ok {
		if no.NotFound() {
			return proof.Missing, no.Reason()
		}
		return proof.Refused, no.Reason()
	}
	if _, ok := errors.AsType[*mds.StatusError](err); ok {
		return proof.Refused, text
	}
	if errors.Is(err, zbs.ErrMalformed) {
		return proof.Malformed, text
	}
	return proof.NoAnswer, text
}
