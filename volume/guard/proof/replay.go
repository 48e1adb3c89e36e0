package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
)

// Replay judges the evidence of a report anew, by the same rules, and returns the
// report that it comes to. Its error is nil only for Free, and an *InUseError or
// *UndeterminedError as that of a check otherwise.
//
// It refuses, with the zero Report, a report of another schema
// (ErrReportSchema), one that is not as the Guard wrote it or whose verdict does
// not follow from its evidence (ErrReportTampered), and one that must not be
// acted on at the given time (ErrReportExpired); all of these match
// ErrUndetermined too. To read an old report, replay it at its ObservedAt. Times
// of day are all that a saved report has: the clocks of its maker and its reader
// must agree. A digest is no
// signature: nothing tells a report that was forged on purpose.
func Replay(r Report, at time.Time) (Report, error) {
	switch {
	case r.Schema != ReportSchema:
		return Report{}, fmt.Errorf("%w: %w %q, want %q", ErrUndetermined, ErrReportSchema, r.Schema, ReportSchema)
	case r.Digest == "" || r.Digest != r.digest():
		return Report{}, fmt.Errorf("%w: %w: the digest is not of its content", ErrUndetermined, ErrReportTampered)
	}
	again := NewReport(Case{r.Volume, r.Terms, r.BeganAt, r.Evidence}, clock.Instant{})
	if !again.finds(r) {
		return Report{}, fmt.Errorf("%w: %w: it says %s, and its evidence %s", ErrUndetermined, ErrReportTampered, r.Verdict, again.Verdict)
	}
	if r.ExpiredAt(at) {
		return Report{}, fmt.Errorf("%w: %w: observed at %s, valid for %v, now it is %s", ErrUndetermined, ErrReportExpired,
			r.ObservedAt.Format(time.RFC3339), r.ValidFor, at.Format(time.RFC3339))
	}
	return again, again.Err(nil)
}

// finds reports whether both reports come to the same.
func (r Report) finds(other Report) bool {
	holders, err := json.Marshal(r.Holders)
	others, err2 := json.Marshal(other.Holders)
	return err == nil && err2 == nil && string(holders) == string(others) &&
		r.Verdict == other.Verdict && r.Rounds == other.Rounds && r.ValidFor == other.ValidFor &&
		r.ObservedAt.Equal(other.ObservedAt) &&
		slices.Equal(r.Hosts, other.Hosts) && slices.Equal(r.Reasons, other.Reasons) && slices.Equal(r.Notes, other.Notes)
}
