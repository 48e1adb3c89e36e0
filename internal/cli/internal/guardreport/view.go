package guardreport

import (
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// View says how much of a report is printed, and as of when.
type View struct {
	Explain bool        // the rules, and every host
	Wide    bool        // every round and host, with names in full
	Expired func() bool // called last
	AsOf    time.Time   // zero: now
	// Mismatch is why a free report does not answer what its reader asks, or nil.
	Mismatch error
}

// printer prints one report.
type printer struct {
	View
	*term.Block
	report guard.Report
}

// nameOf shortens the name of a volume. It leaves out the pool if the report's volume
// is in the same one.
func (p *printer) nameOf(path zbs.Path) string {
	switch {
	case p.Wide:
		return path.String()
	case path == p.report.Volume:
		return "itself"
	case path.Pool == p.report.Volume.Pool:
		return term.Shorten(path.Volume, 20)
	}
	return term.Shorten(path.Pool+"/"+path.Volume, 20)
}

// hostOf returns the inventory's name for the host of a client.
func (p *printer) hostOf(c zbs.Client) string {
	if k, ok := p.report.Evidence.Hosts.OfClient(c.IP); ok {
		return p.report.Evidence.Hosts.At(k).Name
	}
	if c.IP == "" {
		return "?"
	}
	return c.IP
}

// listsOf returns all lists of an observation, that of the volume first.
func listsOf(r guard.Report, o proof.Observation) []proof.VolumeList {
	lists := []proof.VolumeList{{Volume: r.Volume, ListAnswer: o.Clients}}
	if o.Survey != nil {
		lists = append(lists, o.Survey.Lists...)
	}
	return lists
}

func secondsOf(s proof.Seconds) time.Duration { return time.Duration(s) }

// VerdictCell shows a verdict.
func VerdictCell(v guard.Verdict) term.Cell {
	switch v {
	case guard.Free:
		return term.Green.Cell("free")
	case guard.InUse:
		return term.Red.Cell("in use")
	default:
		return term.Yellow.Cell("cannot tell")
	}
}

// ClockTime is the time until which a report is valid.
func ClockTime(r guard.Report) string { return r.ValidUntil().UTC().Format("15:04:05Z") }
