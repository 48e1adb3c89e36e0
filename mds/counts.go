package mds

// Counts count attempts, by how they ended.
type Counts struct {
	Attempts     uint64 // begun
	Answered     uint64 // with the answer of the call
	Refused      uint64 // by the agent, by an HTTP 4xx, or because its agent cannot do this
	Failed       uint64 // not reached, no answer in time, or a broken one
	Slow         uint64 // lost to an attempt that began later
	Cancelled    uint64 // by the caller, by SendOnlyWhile, or lost to an attempt that began earlier
	Requeued     uint64 // the call went to an MDS that had a free connection
	HealthChecks uint64 // begun; they are not attempts of a call

	// Calls that did not ask the MDS, by reason.
	NotNeeded           uint64 // another answered
	SkippedBreaker      uint64 // its breaker, or failures just before, put it behind those that answered
	SkippedDisconnected uint64 // a Session put it behind those that answered
	SkippedBudget       uint64 // the retry budget was spent
	SkippedStopped      uint64 // the call ended without an answer before its turn

	Latency Histogram // from sending to the answer, of attempts that got one
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Attempts:     c.Attempts + d.Attempts,
		Answered:     c.Answered + d.Answered,
		Refused:      c.Refused + d.Refused,
		Failed:       c.Failed + d.Failed,
		Slow:         c.Slow + d.Slow,
		Cancelled:    c.Cancelled + d.Cancelled,
		Requeued:     c.Requeued + d.Requeued,
		HealthChecks: c.HealthChecks + d.HealthChecks,

		NotNeeded:           c.NotNeeded + d.NotNeeded,
		SkippedBreaker:      c.SkippedBreaker + d.SkippedBreaker,
		SkippedDisconnected: c.SkippedDisconnected + d.SkippedDisconnected,
		SkippedBudget:       c.SkippedBudget + d.SkippedBudget,
		SkippedStopped:      c.SkippedStopped + d.SkippedStopped,

		Latency: c.Latency.plus(d.Latency),
	}
}
