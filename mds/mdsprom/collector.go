package mdsprom

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zbsclient/zbsclient/mds"
)

// Source is what is shown: a *mds.Caller, or fixed numbers in a test. Stats
// must be safe for concurrent use, as scrapes may overlap.
type Source interface {
	Stats() mds.Stats
}

// NewCollector returns a Collector of what the source has counted. It is safe
// for concurrent use. Scraping it never fails, and goes on with the last
// numbers when the Caller is closed.
func NewCollector(s Source) prometheus.Collector { return collector{s} }

type collector struct{ source Source }

var (
	attempts = describe("zbs_mds_attempts_total", "Attempts that ended, by how they did.", "mds", "endpoint", "outcome")
	checks   = describe("zbs_mds_health_checks_total", "Health checks begun, to find out whether an MDS is back.", "mds", "endpoint")
	asks     = describe("zbs_mds_recognitions_total", "Small requests that ask what the agent of an MDS can do.", "mds")
	skips    = describe("zbs_mds_skips_total", "Calls that did not ask an MDS, by reason.", "mds", "endpoint", "reason")
	latency  = describe("zbs_mds_latency_seconds", "Time from sending to the answer, of attempts that got one.", "mds", "endpoint")
	breaker  = describe("zbs_mds_breaker_state", "Whether the circuit breaker of an MDS is in the state.", "mds", "state")
	apart    = describe("zbs_mds_disconnected", "Whether a session takes the MDS to be disconnected.", "mds")
	inFlight = describe("zbs_mds_in_flight", "Attempts and health checks under way.", "mds")
	lastErr  = describe("zbs_mds_last_error_timestamp_seconds", "When an attempt or probe failed last.", "mds")
	calls    = describe("zbs_calls_total", "Calls that ended, by result.", "endpoint", "result")
	budget   = describe("zbs_retry_budget", "Extra attempts that the retry budget has left.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe sends what Collect may send.
func (collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{attempts, checks, asks, skips, latency, breaker, apart, inFlight, lastErr, calls, budget} {
		descs <- d
	}
}

// Collect sends a snapshot.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	out := sink(metrics)
	stats := c.source.Stats()
	for _, m := range stats.MDS {
		out.mds(m)
	}
	for _, e := range stats.Endpoints {
		failed := min(e.Failed, e.Calls) // they are read one after the other
		out.counter(calls, e.Calls-failed, e.Endpoint, "ok")
		out.counter(calls, failed, e.Endpoint, "failed")
	}
	out.gauge(budget, stats.Budget)
}

type sink chan<- prometheus.Metric

func (s sink) counter(d *prometheus.Desc, n uint64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func (s sink) gauge(d *prometheus.Desc, value float64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (s sink) flag(d *prometheus.Desc, on bool, labels ...string) {
	value := 0.0
	if on {
		value = 1
	}
	s.gauge(d, value, labels...)
}

func (s sink) mds(m mds.MDSStats) {
	addr := m.Addr.String()
	for _, state := range []mds.Breaker{mds.BreakerClosed, mds.BreakerHalfOpen, mds.BreakerOpen} {
		s.flag(breaker, m.Breaker == state, addr, string(state))
	}
	s.flag(apart, m.Disconnected, addr)
	s.gauge(inFlight, float64(m.InFlight), addr)
	s.counter(asks, m.Recognitions, addr)
	if m.LastErr != nil {
		s.gauge(lastErr, float64(m.LastErrAt.UnixNano())/1e9, addr)
	}
	for _, e := range m.Endpoints {
		s.endpoint(addr, e)
	}
}

func (s sink) endpoint(addr string, e mds.NamedCounts) {
	for _, ended := range []struct {
		outcome string
		n       uint64
	}{
		{"answered", e.Answered}, {"refused", e.Refused}, {"failed", e.Failed},
		{"slow", e.Slow}, {"cancelled", e.Cancelled}, {"requeued", e.Requeued},
	} {
		s.counter(attempts, ended.n, addr, e.Endpoint, ended.outcome)
	}
	s.counter(checks, e.HealthChecks, addr, e.Endpoint)
	for _, skipped := range []struct {
		reason string
		n      uint64
	}{
		{"not_needed", e.NotNeeded}, {"breaker", e.SkippedBreaker}, {"disconnected", e.SkippedDisconnected},
		{"budget", e.SkippedBudget}, {"stopped", e.SkippedStopped},
	} {
		s.counter(skips, skipped.n, addr, e.Endpoint, skipped.reason)
	}
	s <- prometheus.MustNewConstHistogram(latency, e.Latency.Count, e.Latency.Sum.Seconds(), bounds(e.Latency), addr, e.Endpoint)
}

// The bounds of the histogram are powers of two of a microsecond, for which
// mds.Histogram is exact: from 128 µs, faster than any agent, to 67 s.
const (
	lowest  = 7
	highest = 26
)

func bounds(h mds.Histogram) map[float64]uint64 {
	counts := make(map[float64]uint64, highest-lowest+1)
	for power := lowest; power <= highest; power++ {
		bound := time.Microsecond << power
		counts[bound.Seconds()] = h.AtMost(bound)
	}
	return counts
}
