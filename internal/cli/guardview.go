package cli

import (
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// view says how much of a report is printed, and as of when.
type view struct {
	explain bool // the rules, and every host
	wide    bool // every round and host, with names in full
	expired func() bool
	asOf    time.Time // zero: now
	// mismatch is why a free report does not answer what its reader asks, or nil.
	mismatch error
}

// reportPrinter prints one report.
type reportPrinter struct {
	view
	*textBlock
	report guard.Report
}

// nameOf shortens the name of a volume. It leaves out the pool if the report's volume
// is in the same one.
func (p *reportPrinter) nameOf(path zbs.Path) string {
	switch {
	case p.wide:
		return path.String()
	case path == p.report.Volume:
		return "itself"
	case path.Pool == p.report.Volume.Pool:
		return shorten(path.Volume, 20)
	}
	return shorten(path.Pool+"/"+path.Volume, 20)
}

// hostOf returns the inventory's name for the host of a client.
func (p *reportPrinter) hostOf(c zbs.Client) string {
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

// verdictCell shows a verdict.
func verdictCell(v guard.Verdict) cell {
	switch v {
	case guard.Free:
		return green.cell("free")
	case guard.InUse:
		return red.cell("in use")
	default:
		return yellow.cell("cannot tell")
	}
}

// clockTime is the time until which a report is valid.
func clockTime(r guard.Report) string { return r.ValidUntil().UTC().Format("15:04:05Z") }
