// Package mdsprom shows Prometheus what an mds.Caller has counted.
//
//	caller, err := mds.New(addrs)
//	prometheus.MustRegister(mdsprom.NewCollector(caller))
//
// Every scrape takes one snapshot of Caller.Stats; the Collector keeps nothing
// itself and costs nothing between scrapes.
//
//	zbs_mds_attempts_total{mds,endpoint,outcome}    counter: answered, refused, failed, slow, cancelled, requeued
//	zbs_mds_health_checks_total{mds,endpoint}       counter
//	zbs_mds_skips_total{mds,endpoint,reason}        counter: not_needed, breaker, disconnected, budget, stopped
//	zbs_mds_latency_seconds{mds,endpoint}           histogram, bounds at powers of two of a microsecond
//	zbs_mds_breaker_state{mds,state}                1 for the state it is in, 0 for the others: closed, half-open, open
//	zbs_mds_disconnected{mds}                       1 when a Session says so
//	zbs_mds_in_flight{mds}                          gauge
//	zbs_mds_last_error_timestamp_seconds{mds}       absent until an attempt or probe has failed
//	zbs_calls_total{endpoint,result}                counter: ok, failed
//	zbs_retry_budget                                gauge
//
// An attempt is counted in zbs_mds_attempts_total when it has ended. What the
// outcomes and reasons mean stands at mds.Counts.
//
// # Cardinality
//
// Labels are the addresses of the list, the names of endpoints (some 25, and
// only those that were called) and the fixed words above. The text of an error
// is never a label. Each endpoint makes 35 series per MDS.
//
// # Several Callers
//
// Two Callers of one process have series of the same names. Register each
// with a label that tells them apart:
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"cluster": "a"}, registry).MustRegister(mdsprom.NewCollector(a))
//	prometheus.WrapRegistererWith(prometheus.Labels{"cluster": "b"}, registry).MustRegister(mdsprom.NewCollector(b))
package mdsprom
