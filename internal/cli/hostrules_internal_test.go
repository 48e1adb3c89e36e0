package cli

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestHostRules(t *testing.T) {
	mds := []zbs.Addr{{Host: "a", Port: 1}, {Host: "b", Port: 1}, {Host: "c", Port: 1}}
	vol := zbs.Path{Pool: "p", Volume: "v"}
	by := func(places ...int) (seen []hostSighting) {
		for _, i := range places {
			seen = append(seen, hostSighting{mds[i], vol})
		}
		return seen
	}
	open := guard.Host{Name: "h", Open: []zbs.Path{vol}}
	for name, row := range map[string]struct {
		host  guard.Host
		seen  []hostSighting
		rules hostRules
		want  hostCheckDoc
	}{
		"a majority lists it":   {open, by(2, 0), hostRules{}, hostCheckDoc{Proof: "visible", MDS: []zbs.Addr{mds[0], mds[2]}, Volume: vol.String()}},
		"one MDS lists it":      {open, by(1), hostRules{}, hostCheckDoc{Proof: "unproved", MDS: mds[1:2], Volume: vol.String(), Missing: "1 of 3 MDS list it, want 2"}},
		"none lists it":         {open, nil, hostRules{}, hostCheckDoc{Proof: "unproved", Missing: "no MDS lists it for v"}},
		"nothing to list":       {guard.Host{Name: "h"}, nil, hostRules{}, hostCheckDoc{Proof: "unproved", Missing: "nothing is known to be open on it"}},
		"in maintenance":        {guard.Host{Name: "h", State: guard.Maintenance}, nil, hostRules{}, hostCheckDoc{Proof: "maintenance"}},
		"in maintenance, seen":  {guard.Host{Name: "h", State: guard.Maintenance}, by(0), hostRules{selfFencing: time.Minute}, hostCheckDoc{Proof: "self-fenced", MDS: mds[:1], Volume: vol.String()}},
		"fences itself":         {open, nil, hostRules{selfFencing: time.Minute}, hostCheckDoc{Proof: "self-fenced"}},
		"without the pool":      {guard.Host{Name: "h", Pools: []string{"other"}}, nil, hostRules{pool: "p"}, hostCheckDoc{Proof: "not-attached"}},
		"without another pool":  {guard.Host{Name: "h", Pools: []string{"p"}, Open: []zbs.Path{vol}}, nil, hostRules{pool: "p"}, hostCheckDoc{Proof: "unproved", Missing: "no MDS lists it for v"}},
		"several open, no list": {guard.Host{Name: "h", Open: []zbs.Path{vol, vol, vol, vol}}, nil, hostRules{}, hostCheckDoc{Proof: "unproved", Missing: "no MDS lists it for 3 volumes"}},
	} {
		row.rules.mds, row.want.Host = mds, "h"
		if row.want.MDS == nil {
			row.want.MDS = []zbs.Addr{}
		}
		if diff := cmp.Diff(row.want, row.rules.check(row.host, row.seen)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHeartbeatCounts(t *testing.T) {
	a, b := zbs.Addr{Host: "a", Port: 1}, zbs.Addr{Host: "b", Port: 1}
	client := zbs.Client{IP: "10.0.0.5"}
	listed := func(n heartbeatCounts, addr zbs.Addr, times int) {
		for i := range heartbeatSamples {
			n.add(addr, []zbs.Client{client}[:min(1, max(0, times-i))])
		}
	}
	for name, row := range map[string]struct {
		fill func(n heartbeatCounts)
		want heartbeatLists
	}{
		"no MDS answers":            {func(heartbeatCounts) {}, listsUnknown},
		"never listed":              {func(n heartbeatCounts) { listed(n, a, 0); listed(n, b, 0) }, listsEmpty},
		"listed now and then":       {func(n heartbeatCounts) { listed(n, a, 0); listed(n, b, 1) }, listsFlicker},
		"always listed by one MDS":  {func(n heartbeatCounts) { listed(n, a, 1); listed(n, b, heartbeatSamples) }, listsSteady},
		"always listed by each MDS": {func(n heartbeatCounts) { listed(n, a, heartbeatSamples); listed(n, b, heartbeatSamples) }, listsSteady},
	} {
		n := make(heartbeatCounts)
		row.fill(n)
		if got := n.lists(); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
		if steady := fmt.Sprint(n.steady(b)) != "[]"; steady != (row.want == listsSteady) {
			t.Errorf("%s: steady clients %v", name, n.steady(b))
		}
	}
}
