package proof_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

func TestRule8Validity(t *testing.T) {
	report := reportOf(rounds(3), down(3))
	observed := began.Add(time.Duration(roundTook + interval)) // when the last round that counts began
	if report.Verdict != proof.Free || !report.ObservedAt.Equal(observed) || report.ValidFor != time.Duration(interval) ||
		!report.ValidUntil().Equal(observed.Add(time.Duration(interval))) {
		t.Errorf("%v, observed at %v for %v, until %v", report.Verdict, report.ObservedAt, report.ValidFor, report.ValidUntil())
	}
	for at, want := range map[time.Duration]bool{-1: true, 0: false, time.Duration(interval) - 1: false, time.Duration(interval): true} {
		if got := report.ExpiredAt(observed.Add(at)); got != want {
			t.Errorf("%v after it was observed: expired %t, want %t", at, got, want)
		}
	}
	if !report.Expired() {
		t.Error("a report of another process goes by the time of day, and is valid now")
	}
	if report := reportOf(rounds(0), abort(proof.Interrupted)); !report.ObservedAt.Equal(began) {
		t.Errorf("without a round it is observed at %v, want the begin of the check", report.ObservedAt)
	}
	synctest.Test(t, func(t *testing.T) {
		start := clock.Now()
		report := proof.NewReport(caseOf(), start) // began in 2026, by a clock that is wrong
		time.Sleep(time.Duration(roundTook+2*interval) - 1)
		if report.Expired() {
			t.Error("it expired before its time, by the time of day")
		}
		time.Sleep(time.Nanosecond)
		if !report.Expired() {
			t.Error("it is valid for longer than an interval after its last round began")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		report := proof.NewReport(caseOf(), clock.Now())
		defer clock.Suspend(time.Hour)()
		if !report.Expired() {
			t.Error("a suspend of an hour does not count")
		}
	})
}

func TestReportErr(t *testing.T) {
	if err := reportOf().Err(nil); err != nil {
		t.Errorf("free: %v", err)
	}
	if (proof.Report{}).Verdict != proof.Unknown || (proof.Report{}).Err(nil) == nil {
		t.Error("the zero report is good")
	}
}

func TestRetryAfter(t *testing.T) {
	for why, c := range map[string]struct {
		changes []change
		want    time.Duration
	}{
		"no reason":                       {nil, 0},
		"a host is not listed":            {[]change{unseen(2, 0)}, time.Duration(interval)},
		"and an MDS is of another":        {[]change{unseen(2, 0), names(2, "another")}, proof.DefaultRefresh},
		"asking again does not help":      {[]change{unseen(2, 0), abort(proof.Invalid)}, 0},
		"a host has time to fence itself": {[]change{absent(0, 20*second), selfFencing(second + 20*second)}, time.Duration(second + roundTook)},
	} {
		if got := reportOf(c.changes...).RetryAfter(); got != c.want {
			t.Errorf("%s: %v, want %v", why, got, c.want)
		}
	}
}
