package mds

// Counts count attempts, by how they ended.
type Counts struct {
	Attempts  uint64 // begun
	Answered  uint64 // their answer was the call's
	Refused   uint64 // the agent said no, or HTTP 4xx, or is of a generation that cannot do this
	Failed    uint64 // not reached, no answer, a broken one, or too late
	Overtaken uint64 // another MDS, asked later, answered first
	Cancelled uint64 // ended by the caller, SendOnlyWhile included, or because one asked earlier answered
	PutOff    uint64 // waited for a connection, and went to an MDS that had one
	Probes    uint64 // begun, to find out whether the MDS is back

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
		Attempts:  c.Attempts + d.Attempts,
		Answered:  c.Answered + d.Answered,
		Refused:   c.Refused + d.Refused,
		Failed:    c.Failed + d.Failed,
		Overtaken: c.Overtaken + d.Overtaken,
		Cancelled: c.Cancelled + d.Cancelled,
		PutOff:    c.PutOff + d.PutOff,
		Probes:    c.Probes + d.Probes,

		NotNeeded:           c.NotNeeded + d.NotNeeded,
		SkippedBreaker:      c.SkippedBreaker + d.SkippedBreaker,
		SkippedDisconnected: c.SkippedDisconnected + d.SkippedDisconnected,
		SkippedBudget:       c.SkippedBudget + d.SkippedBudget,
		SkippedStopped:      c.SkippedStopped + d.SkippedStopped,

		Latency: c.Latency.plus(d.Latency),
	}
}
