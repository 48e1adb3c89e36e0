package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// ReportSchema names the schema of a report's JSON. Keys are added within it,
// never renamed or removed.
const ReportSchema = "zbsclient.guard/1"

// Report is what a check found: the verdict and everything it rests on. As JSON
// it is a document that Replay verifies. The zero Report says Unknown. A Report
// is not changed by this package once made; copies share its slices.
type Report struct {
	Schema  string   `json:"schema"`
	Verdict Verdict  `json:"verdict"`
	Volume  zbs.Path `json:"volume"`
	Terms
	BeganAt time.Time `json:"beganAt"` // when the check began
	// ObservedAt is when the last round began: what happened later is not in
	// the report. Without a round it is BeganAt.
	ObservedAt time.Time `json:"observedAt"`
	// ValidFor is how long after ObservedAt the report may be acted on.
	ValidFor time.Duration `json:"-"`
	Holders  []Holder      `json:"holders,omitempty"` // who was listed, foreign ones first
	Reasons  []Reason      `json:"reasons,omitempty"` // why it is Unknown, or would be without a foreign holder
	Notes    []Reason      `json:"notes,omitempty"`   // what a reader should know
	Rounds   int           `json:"rounds"`
	Evidence Evidence      `json:"evidence"`
	// Digest is the SHA-256 of the rest of the report, in hex. It shows that
	// the report was changed by accident or carelessness. It is no signature:
	// whoever changes the report on purpose can compute it anew.
	Digest string `json:"digest"`
}

func newReport(c *check) Report {
	ruling := judge(c.terms, c.wall, c.evidence)
	r := Report{
		Schema: ReportSchema, Verdict: ruling.verdict, Volume: c.path, Terms: c.terms,
		BeganAt: c.wall, ObservedAt: c.wall, ValidFor: c.terms.Timing.ValidFor(),
		Holders: ruling.holders, Reasons: ruling.reasons, Notes: ruling.notes,
		Rounds: len(c.evidence.Rounds), Evidence: c.evidence,
	}
	if n := len(c.evidence.Rounds); n > 0 {
		r.ObservedAt = c.wall.Add(time.Duration(c.evidence.Rounds[n-1].Began))
	}
	r.Digest = r.digest()
	return r
}

// Expired reports whether the report must not be acted on at that time any more,
// or not yet. In the process that made the report, time.Now is compared by the
// monotonic clock, so setting the clock does not matter.
func (r Report) Expired(at time.Time) bool {
	age := at.Sub(r.ObservedAt)
	return age < 0 || age >= r.ValidFor
}

// ForeignHolders returns the holders that must not have the volume open.
func (r Report) ForeignHolders() []Holder {
	return slices.DeleteFunc(slices.Clone(r.Holders), func(h Holder) bool { return h.Standing != Foreign })
}

// err is what goes with the verdict.
func (r Report) err(cause error) error {
	switch r.Verdict {
	case Free:
		return nil
	case InUse:
		return &InUseError{Path: r.Volume, Holders: r.ForeignHolders()}
	default:
		return &UndeterminedError{Path: r.Volume, Reasons: r.Reasons, cause: cause}
	}
}

// retryAfter is when the soonest of the reasons may be gone; 0 when one of them
// never will be.
func (r Report) retryAfter() time.Duration {
	var soonest time.Duration
	for _, reason := range r.Reasons {
		if reason.RetryAfter == 0 {
			return 0
		}
		if soonest == 0 || reason.RetryAfter < soonest {
			soonest = reason.RetryAfter
		}
	}
	return soonest
}

// digest hashes what the verdict follows from: the terms and the evidence. The
// rest of the report follows from these, and Replay derives it again. The JSON of
// a Go struct is canonical: its keys stand in the order of the fields. Texts for
// people are left out, they may change with the version.
func (r Report) digest() string {
	type halt Reason
	evidence, h := r.Evidence, halt(r.Evidence.Halt)
	evidence.Halt = Reason{}
	data, err := json.Marshal(struct {
		Schema   string
		Volume   string
		Terms    Terms
		BeganAt  time.Time
		Evidence Evidence
		Halt     halt
	}{r.Schema, r.Volume.String(), r.Terms, r.BeganAt.UTC(), evidence, h})
	if err != nil {
		return "" // Replay refuses a report without one
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

type plainReport Report

// reportDoc is a Report in JSON.
type reportDoc struct {
	plainReport
	Volume  string  `json:"volume"` // zbs.Path refuses to write an invalid one
	Seconds Seconds `json:"validForSeconds"`
}

// MarshalJSON writes the document.
func (r Report) MarshalJSON() ([]byte, error) {
	r.BeganAt, r.ObservedAt = r.BeganAt.UTC(), r.ObservedAt.UTC()
	return json.Marshal(reportDoc{plainReport(r), r.Volume.String(), Seconds(r.ValidFor)})
}

// UnmarshalJSON reads the document. It does not verify it, which Replay does.
// The error wraps zbs.ErrInvalidPath for a report about a path that is none.
func (r *Report) UnmarshalJSON(data []byte) error {
	var d reportDoc
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	path, err := zbs.ParsePath(d.Volume)
	*r = Report(d.plainReport)
	r.Volume, r.ValidFor = path, time.Duration(d.Seconds)
	return err
}
