package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/zbsclient/zbsclient/internal/clock"
	"github.com/zbsclient/zbsclient/zbs"
)

// ReportSchema names the schema of a report's JSON. Keys are added within it,
// never renamed or removed.
const ReportSchema = "zbsclient.guard/2"

// Report is the result of a check: the verdict and everything it rests on. Replay
// verifies its JSON. The verdict of the zero Report is Unknown. This package never changes
// a Report; copies share its slices.
type Report struct {
	Schema  string   `json:"schema"`
	Verdict Verdict  `json:"verdict"`
	Volume  zbs.Path `json:"volume"`
	Terms
	BeganAt time.Time `json:"beganAt"` // when the check began
	// ObservedAt is the age of the verdict: when the round began that it rests on.
	// Later events are not in the report. Without a round it is BeganAt.
	ObservedAt time.Time `json:"observedAt"`
	// ValidFor is how long after ObservedAt the report may be acted on.
	ValidFor time.Duration `json:"-"`
	Holders  []Holder      `json:"holders,omitempty"` // listed hosts, foreign ones first
	Hosts    []HostProof   `json:"hosts,omitempty"`   // how each host of the inventory was accounted for
	Reasons  []Reason      `json:"reasons,omitempty"` // why it is Unknown, or would be without a foreign holder
	Notes    []Reason      `json:"notes,omitempty"`   // for the reader
	Rounds   int           `json:"rounds"`
	Evidence Evidence      `json:"evidence"`
	// Digest is the SHA-256 of the rest of the report, in hex. It reveals accidental
	// changes of the report. It is no signature: a forger can compute it again.
	Digest string `json:"digest"`

	observed clock.Instant // ObservedAt in the process that made the report
}

// NewReport decides the case and returns its report. began is when the check began, by
// the clock of this process. It is the zero Instant for a case of another process.
func NewReport(c Case, began clock.Instant) Report {
	d := c.Decide()
	r := Report{
		Schema: ReportSchema, Verdict: d.Verdict, Volume: c.Volume, Terms: c.Terms,
		BeganAt: c.BeganAt, ObservedAt: c.BeganAt, ValidFor: c.Terms.Timing.ValidFor(),
		Holders: d.Holders, Hosts: d.Hosts, Reasons: d.Reasons, Notes: d.Notes,
		Rounds: len(c.Evidence.Rounds), Evidence: c.Evidence, observed: began,
	}
	if d.Observed >= 0 {
		after := time.Duration(c.Evidence.Rounds[d.Observed].Began)
		r.ObservedAt = c.BeganAt.Add(after)
		if !began.IsZero() {
			r.observed = began.Add(after)
		}
	}
	r.Digest = r.digest()
	return r
}

// ValidUntil is the time of day at which the report expires.
func (r Report) ValidUntil() time.Time { return r.ObservedAt.Add(r.ValidFor) }

// Expired reports whether the report must not be acted on now. In the process that made
// the report it uses a clock that counts the time for which the machine was suspended
// (CLOCK_BOOTTIME, on Linux), so setting the time of day does not matter. In another
// process it uses the time of day.
func (r Report) Expired() bool {
	if r.observed.IsZero() {
		return r.ExpiredAt(time.Now())
	}
	return r.observed.Elapsed() >= r.ValidFor
}

// ExpiredAt reports whether the report must not be acted on at a time of day: it has
// expired by then, or is from later. The clocks of the report's writer and its reader must
// agree.
func (r Report) ExpiredAt(at time.Time) bool {
	age := at.Sub(r.ObservedAt)
	return age < 0 || age >= r.ValidFor
}

// ForeignHolders returns the holders that must not have the volume open.
func (r Report) ForeignHolders() []Holder {
	return slices.DeleteFunc(slices.Clone(r.Holders), func(h Holder) bool { return h.Standing != Foreign })
}

// Err returns the error for the verdict: nil for Free, an *InUseError, or an
// *UndeterminedError that also matches cause.
func (r Report) Err(cause error) error {
	switch r.Verdict {
	case Free:
		return nil
	case InUse:
		return &InUseError{Path: r.Volume, Holders: r.ForeignHolders()}
	default:
		return &UndeterminedError{Path: r.Volume, Reasons: r.Reasons, cause: cause}
	}
}

// RetryAfter is the pause after which the first of the reasons may be gone. It is 0 if
// one of them never goes.
func (r Report) RetryAfter() time.Duration {
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

// digest hashes the terms and the evidence. The rest of the report follows from these,
// and Replay derives it again. The JSON of a Go struct is canonical: its keys are in the
// order of the fields. Parts that many reports share are hashed once, and enter the digest
// by their own digest.
func (r Report) digest() string {
	type abort Reason
	doc := struct {
		Schema     string
		Volume     string
		Terms      Terms
		BeganAt    time.Time
		MDS        []zbs.Addr
		Hosts      string
		Identities []Identity
		Rounds     []Round
		Surveys    []string
		Abort      abort `json:"Halt"` // as in earlier reports
	}{
		Schema: r.Schema, Volume: r.Volume.String(), Terms: r.Terms, BeganAt: r.BeganAt.UTC(),
		MDS: r.Evidence.MDS, Hosts: r.Evidence.Hosts.sum(), Identities: r.Evidence.Identities, Abort: abort(r.Evidence.Abort),
	}
	for _, round := range r.Evidence.Rounds {
		round.Observations = slices.Clone(round.Observations)
		for i := range round.Observations {
			o := &round.Observations[i]
			doc.Surveys = append(doc.Surveys, o.Survey.sum())
			o.Survey = nil
		}
		doc.Rounds = append(doc.Rounds, round)
	}
	data, err := json.Marshal(doc)
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
