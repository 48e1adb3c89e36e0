package guard

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// askExistence asks on, one MDS after the other, until it is known of each
// volume whether it exists. One of them was asked already.
func (in *inquiry) askExistence(ctx context.Context, witnesses []witness, deadline time.Time) {
	for i := range witnesses {
		w := &witnesses[i]
		if w.existence == nil && w.ping.Outcome == Answered && !in.known(witnesses) && ctx.Err() == nil {
			w.existence = in.exists(ctx, w.addr, deadline)
		}
	}
}

// known reports whether an MDS said of each volume whether it exists.
func (in *inquiry) known(witnesses []witness) bool {
	return slices.ContainsFunc(witnesses, func(w witness) bool { return settled(w.existence) })
}

func settled(answers []Answer) bool {
	return answers != nil && !slices.ContainsFunc(answers, func(a Answer) bool {
		return a.Outcome != Answered && a.Outcome != Missing
	})
}

// exists asks one MDS whether the volumes exist: of one volume by a query, of
// several by one per pool.
func (in *inquiry) exists(ctx context.Context, addr zbs.Addr, deadline time.Time) []Answer {
	answers := make([]Answer, len(in.targets))
	if len(in.targets) == 1 {
		_, answers[0] = ask(ctx, in, addr, deadline, zbs.QueryVolume{Path: in.targets[0].volume})
		return answers
	}
	byPool := make(map[string][]int) // places in targets
	for i, t := range in.targets {
		byPool[t.volume.Pool] = append(byPool[t.volume.Pool], i)
	}
	for _, places := range byPool {
		in.existInPool(ctx, addr, deadline, places, answers)
	}
	return answers
}

func (in *inquiry) existInPool(ctx context.Context, addr zbs.Addr, deadline time.Time, places []int, answers []Answer) {
	volumes := make([]zbs.CBDPath, len(places))
	for i, place := range places {
		volumes[i] = in.targets[place].volume
	}
	there := make(map[zbs.Path]bool, len(places))
	answer := in.timed(ctx, addr, deadline, func(opts ...mds.CallOption) error {
		return in.queryPool(ctx, volumes, there, opts)
	})
	for _, place := range places {
		answers[place] = answer
		if answer.Outcome == Answered && !there[in.targets[place].volume.Path] {
			answers[place].Outcome, answers[place].Error = Missing, "not in the answer"
		}
	}
}

// queryPool notes which of the volumes of one pool are there. An agent refuses a
// batch for reasons that concern the pool alone (it has no volumes at all): then
// each volume is asked for by itself.
func (in *inquiry) queryPool(ctx context.Context, volumes []zbs.CBDPath, there map[zbs.Path]bool, opts []mds.CallOption) error {
	answer, err := mds.Call(ctx, in.guard.caller, zbs.QueryVolumes{Paths: volumes}, opts...)
	if _, refused := errors.AsType[*zbs.AgentError](err); !refused {
		for _, cbd := range volumes {
			_, there[cbd.Path] = answer.Volumes[cbd.String()]
		}
		return err
	}
	for _, cbd := range volumes {
		_, err := mds.Call(ctx, in.guard.caller, zbs.QueryVolume{Path: cbd}, opts...)
		no, refused := errors.AsType[*zbs.AgentError](err)
		if err != nil && !(refused && no.NotFound()) {
			return err
		}
		there[cbd.Path] = err == nil
	}
	return nil
}
