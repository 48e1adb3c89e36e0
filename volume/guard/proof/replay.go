package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
)

// Replay evaluates the evidence of a report again, by the same rules, and returns the
// resulting report. Its error is nil only for Free. Otherwise it is an *InUseError or
// *UndeterminedError, as that of a check.
//
// Replay refuses some reports, with the zero Report and an error that also matches
// ErrUndetermined: a report of another schema (ErrReportSchema); a report that was
// changed, or whose verdict does not follow from its evidence (ErrReportTampered); and
// one that must not be acted on at the time at (ErrReportExpired). To read an old report,
// replay it at its ObservedAt.
//
// A saved report has only times of day, so the clocks of its writer and its reader must
// agree. A digest is no signature: Replay cannot recognise a forged report.
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

// finds reports whether both reports have the same result.
func (r Report) finds(other Report) bool {
	holders, err := json.Marshal(r.Holders)
	others, err2 := json.Marshal(other.Holders)
	return err == nil && err2 == nil && string(holders) == string(others) &&
		r.Verdict == other.Verdict && r.Rounds == other.Rounds && r.ValidFor == other.ValidFor &&
		r.ObservedAt.Equal(other.ObservedAt) &&
		slices.Equal(r.Hosts, other.Hosts) && slices.Equal(r.Reasons, other.Reasons) && slices.Equal(r.Notes, other.Notes)
}
