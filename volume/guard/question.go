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

// asker puts single questions to single MDS, for all checks of a Guard. Equal
// questions at the same time are one. Each answer says when it was asked.
type asker struct {
	caller *mds.Caller
	pacers map[zbs.Addr]*pacer

	pings   coalesce.Group[questionKey, reply[zbs.PingReply]]
	lists   coalesce.Group[questionKey, reply[zbs.VolumeClients]]
	queries coalesce.Group[questionKey, reply[zbs.VolumeInfo]]
}

// questionKey is what makes questions equal.
type questionKey struct {
	addr  zbs.Addr
	about string // a path, or the cluster that is pinged
	pace  pace
}

// pace is how a question is asked.
type pace struct {
	every time.Duration // between two questions
	span  time.Duration // the most that one may take
}

// reply is the answer to a question, and when it was asked.
type reply[R any] struct {
	value   R
	asked   time.Time
	took    time.Duration
	outcome proof.Outcome
	text    string
}

// hedge is how long a question waits for an equal one that is under way before it
// is asked beside it.
const hedge = mds.DefaultMostStagger

func newAsker(caller *mds.Caller) *asker {
	a := &asker{caller: caller, pacers: make(map[zbs.Addr]*pacer)}
	for _, addr := range caller.Addrs() {
		a.pacers[addr] = &pacer{}
	}
	a.lists.Wait, a.queries.Wait = hedge, hedge
	a.pings.Wait = proof.DefaultSpan // one at a time: a silent MDS is not asked again and again
	return a
}

func (a *asker) ping(ctx context.Context, addr zbs.Addr, facts zbs.Facts, p pace) reply[zbs.PingReply] {
	return ask(ctx, a, &a.pings, questionKey{addr, facts.UUID + " " + facts.Version, p}, zbs.Ping{Cluster: facts})
}

func (a *asker) clients(ctx context.Context, addr zbs.Addr, path zbs.CBDPath, p pace) reply[zbs.VolumeClients] {
	return ask(ctx, a, &a.lists, questionKey{addr, path.String(), p}, zbs.GetVolumeClients{Path: path})
}

func (a *asker) query(ctx context.Context, addr zbs.Addr, path zbs.CBDPath, p pace) reply[zbs.VolumeInfo] {
	return ask(ctx, a, &a.queries, questionKey{addr, path.String(), p}, zbs.QueryVolume{Path: path})
}

func ask[R any](ctx context.Context, a *asker, group *coalesce.Group[questionKey, reply[R]], key questionKey, command zbs.Command[R]) reply[R] {
	asked := time.Now()
	r, left, err := group.Do(ctx, key, func(ctx context.Context) (reply[R], error) {
		return once(ctx, a, key.addr, key.pace, command), nil
	})
	if err != nil || left {
		return reply[R]{asked: asked, took: time.Since(asked), outcome: proof.NoAnswer, text: "the check ended before it answered"}
	}
	return r
}

// once asks one MDS in its turn, and no other in its place.
func once[R any](ctx context.Context, a *asker, addr zbs.Addr, p pace, command zbs.Command[R]) reply[R] {
	var r reply[R]
	inTurn := a.pacers[addr].wait(ctx, p.every, time.Now().Add(p.span))
	r.asked = time.Now()
	if !inTurn {
		r.outcome, r.text = proof.NoAnswer, "no time left to ask"
		return r
	}
	value, err := mds.Call(ctx, a.caller, command, mds.Target(addr), mds.Timeout(min(p.span, a.caller.AttemptTimeout())))
	r.value, r.took = value, time.Since(r.asked)
	r.outcome, r.text = outcomeOf(err)
	return r
}

// answer is the reply in a report, in a round that began then.
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
	if walk, ok := errors.AsType[*mds.WalkError](err); ok && len(walk.Attempts) == 1 {
		text = walk.Attempts[0].Err.Error()
	}
	if errors.Is(err, zbs.ErrAgentTooOld) {
		return proof.TooOld, strings.TrimPrefix(text, zbs.ErrAgentTooOld.Error()+": ")
	}
	if errors.Is(err, zbs.ErrUnsupported) {
		return proof.Refused, text // which is an answer: it cannot tell
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
