package volume_test

import (
	"context"
	"sync"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// fakeGuard sees what the fake storage knows, at once.
type fakeGuard struct {
	cluster  *fakemds.Cluster
	validFor time.Duration // 13 s unless set
	takes    time.Duration // of each check
	onCheck  func(n int)   // before the check is made; n counts from 1

	mu      sync.Mutex // guards what follows
	checks  []time.Time
	options int // of the last check
}

func (g *fakeGuard) Check(_ context.Context, path zbs.Path, opts ...guard.CheckOption) (guard.Report, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checks = append(g.checks, time.Now())
	g.options = len(opts)
	if g.onCheck != nil {
		g.onCheck(len(g.checks))
	}
	r := guard.Report{Volume: path, Verdict: guard.Free, ObservedAt: time.Now(), ValidFor: 13 * time.Second}
	if g.validFor != 0 {
		r.ValidFor = g.validFor
	}
	time.Sleep(g.takes)
	v, there := g.cluster.Volume(path.String())
	switch {
	case !there:
		r.Verdict = guard.Unknown
		return r, &guard.UndeterminedError{Path: path, Reasons: []guard.Reason{{Code: proof.VolumeMissing}}}
	case len(v.Clients) > 0:
		r.Verdict = guard.InUse
		return r, &guard.InUseError{Path: path, Holders: []guard.Holder{{Host: v.Clients[0].IP}}}
	}
	return r, nil
}

func (g *fakeGuard) checked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.checks)
}
