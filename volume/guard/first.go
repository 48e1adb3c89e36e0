package guard

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// firstTimeout bounds each attempt under the policy First. ZStack gives this query as
// long.
const firstTimeout = 30 * time.Second

// runFirst asks as ZStack does: one MDS after the other until one answers.
func (r *round) runFirst(ctx context.Context) {
	for i, c := range r.checks {
		var trace mds.Trace
		asked := time.Since(r.began)
		reply, _ := mds.Call(ctx, r.guard.caller, zbs.GetVolumeClients{Path: c.volume}, mds.TryNext(),
			mds.Timeout(min(firstTimeout, r.guard.caller.AttemptTimeout())), mds.RouteKey(c.path.String()), mds.Record(&trace))
		for _, a := range trace.Attempts {
			outcome, text := outcomeOf(a.Err)
			list := proof.ListAnswer{Answer: proof.Answer{Asked: proof.Seconds(asked + a.Began), Took: proof.Seconds(a.Duration), Outcome: outcome, Error: text}}
			if outcome == proof.Answered {
				list.Clients = reply.Clients
			}
			p := newPoll(r.batch, a.Addr)
			p.lists[i], p.done = list, true
			r.polls = append(r.polls, p)
		}
	}
	r.end()
}
