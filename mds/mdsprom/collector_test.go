package mdsprom_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsprom"
	"github.com/zbsclient/zbsclient/zbs"
)

// fixed is a Source that counts nothing.
type fixed mds.Stats

func (f fixed) Stats() mds.Stats { return mds.Stats(f) }

// distinct has another number in every field, so that none can stand for another.
func distinct() fixed {
	counts := mds.Counts{
		Attempts: 1, Answered: 2, Refused: 3, Failed: 4, Slow: 5, Cancelled: 6, Requeued: 7, HealthChecks: 8,
		NotNeeded: 9, SkippedBreaker: 10, SkippedDisconnected: 11, SkippedBudget: 12, SkippedStopped: 13,
		Latency: mds.Histogram{Count: 14, Sum: 1500 * time.Millisecond},
	}
	return fixed{
		MDS: []mds.MDSStats{
			{
				Addr: zbs.Addr{Host: "mds-a", Port: 7763}, Breaker: mds.BreakerHalfOpen, Disconnected: true, InFlight: 15, Recognitions: 16,
				LastErr: errors.New("an agent's text"), LastErrAt: time.Unix(1700000000, 500e6),
				Counts: counts, Endpoints: []mds.NamedCounts{{Endpoint: "volume/clients", Counts: counts}},
			},
			{Addr: zbs.Addr{Host: "2001:db8::1", Port: 7763, TLS: true}, Breaker: mds.BreakerClosed},
		},
		Endpoints: []mds.EndpointStats{{Endpoint: "volume/clients", Calls: 20, Failed: 3, Counts: counts}},
		Budget:    31.5,
	}
}

func TestCollector(t *testing.T) {
	want, err := os.Open("testdata/distinct.prom")
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.CollectAndCompare(mdsprom.NewCollector(distinct()), want); err != nil {
		t.Error(err)
	}
}

// Names and helps follow Prometheus' conventions, and what is collected is what
// was described.
func TestConventions(t *testing.T) {
	problems, err := testutil.CollectAndLint(mdsprom.NewCollector(distinct()))
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(mdsprom.NewCollector(distinct()))
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

// The number of series follows from MDS and endpoints alone, and no error's text
// is among the labels.
func TestCardinality(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(mdsprom.NewCollector(distinct()))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if h := m.GetHistogram(); h != nil {
				series += len(h.GetBucket()) + 3 // +Inf, sum and count
			} else {
				series++
			}
		}
		if strings.Contains(family.String(), "an agent's text") {
			t.Errorf("%s shows the text of an error", family.GetName())
		}
	}
	// 35 for the endpoint at mds-a, breaker, disconnected, in flight and recognitions
	// for both MDS, the last error of one, two results, the budget.
	if want := 35 + 2*6 + 1 + 2 + 1; series != want {
		t.Errorf("%d series, want %d", series, want)
	}
}

// Calls may be read before the failures among them are.
func TestMoreFailedThanEnded(t *testing.T) {
	torn := fixed{Endpoints: []mds.EndpointStats{{Endpoint: "echo", Calls: 1, Failed: 2}}}
	want := `
# HELP zbs_calls_total Calls that ended, by result.
# TYPE zbs_calls_total counter
zbs_calls_total{endpoint="echo",result="failed"} 1
zbs_calls_total{endpoint="echo",result="ok"} 0
`
	if err := testutil.CollectAndCompare(mdsprom.NewCollector(torn), strings.NewReader(want), "zbs_calls_total"); err != nil {
		t.Error(err)
	}
}

func TestTwoCallers(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, cluster := range []string{"a", "b"} {
		labelled := prometheus.WrapRegistererWith(prometheus.Labels{"cluster": cluster}, registry)
		if err := labelled.Register(mdsprom.NewCollector(distinct())); err != nil {
			t.Fatal(err)
		}
	}
	want := `
# HELP zbs_retry_budget Extra attempts that the retry budget has left.
# TYPE zbs_retry_budget gauge
zbs_retry_budget{cluster="a"} 31.5
zbs_retry_budget{cluster="b"} 31.5
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "zbs_retry_budget"); err != nil {
		t.Error(err)
	}
	second := prometheus.NewPedanticRegistry()
	second.MustRegister(mdsprom.NewCollector(distinct()))
	if err := second.Register(mdsprom.NewCollector(fixed{})); err == nil {
		t.Error("two Callers without a label between them were registered")
	}
}
