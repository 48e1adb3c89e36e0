package guard

import (
	"context"
	"slices"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// mostBefore bounds how many volumes of hosts a survey asks for before the lists, if the
// ping does not say whether the agent was synced.
const mostBefore = 8

// askBefore asks for volumes that are likely to be open until one has a client. The
// client shows that the agent was synced before the lists, which the ping left out.
func (s *survey) askBefore(ctx context.Context) {
	for _, path := range s.likely() {
		if ctx.Err() != nil || s.askOnce(ctx, path) && !s.unproved() {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proved {
		s.before, s.proved = s.lists[len(s.lists)-1].Volume, false // only a list after the lists proves that it can list
	}
}

// likely returns volumes that are likely to be open: the canary of the caller, one
// of each of the first hosts, and the heartbeat volumes of the pools.
func (s *survey) likely() (paths []zbs.Path) {
	if canary := s.lead.Canary; canary != (zbs.Path{}) {
		paths = append(paths, canary)
	}
	most := len(paths) + mostBefore
	for i := range s.inventory.Len() {
		if open := s.inventory.At(i).Open; len(open) > 0 && len(paths) < most {
			paths = append(paths, open[0])
		}
	}
	for _, c := range s.checks {
		heartbeat := zbs.Path{Pool: c.path.Pool, Volume: proof.HeartbeatVolume}
		if !slices.Contains(paths, heartbeat) {
			paths = append(paths, heartbeat)
		}
	}
	return paths
}

// runUnversioned makes the survey if the MDS has listed any client, if only for a volume
// of the checks. Otherwise it finds out whether the agent ever names an agentVersion.
func (s *survey) runUnversioned(ctx context.Context) {
	if s.before != (zbs.Path{}) || s.listedAny() {
		s.run(ctx)
		return
	}
	s.keep()
	bound := mds.Timeout(min(s.lead.span(), s.guard.caller.AttemptTimeout()))
	have, err := mds.Recognise(ctx, s.guard.caller, s.addr, bound)
	if err != nil || have.TellsVersion() {
		return
	}
	s.poll.mu.Lock()
	defer s.poll.mu.Unlock()
	s.generation = have.Generation()
}

// listedAny reports whether the MDS listed a client for a volume of the checks.
func (s *survey) listedAny() bool {
	s.poll.mu.Lock()
	defer s.poll.mu.Unlock()
	return slices.ContainsFunc(s.poll.lists, func(l proof.ListAnswer) bool { return len(l.Clients) > 0 })
}
