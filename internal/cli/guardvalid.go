package cli

import (
	"fmt"
	"io"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// freeVerdict is a volume of which was said that it is free.
type freeVerdict struct {
	report guard.Report // without its evidence
	out    format       // in which it was said
}

// toldFree keeps in mind that the volume was said to be free: before zbsctl exits
// it looks whether that still holds, for the output may have been blocked.
func (a *app) toldFree(r guard.Report, out format) {
	r.Evidence, r.Hosts, r.Holders = proof.Evidence{}, nil, nil
	a.told = append(a.told, freeVerdict{r, out})
}

// recheck looks at the validity of all that was said to be free, and makes the exit
// code of what has expired.
func (a *app) recheck() {
	var expired []freeVerdict
	for _, t := range a.told {
		if t.report.Expired() {
			expired = append(expired, t)
		}
	}
	if len(expired) == 0 {
		return
	}
	a.code = max(a.code, exitCannotTell)
	first := expired[0]
	text := fmt.Sprintf("%s was free until %s, which has passed", first.report.Volume, clockTime(first.report))
	if n := len(a.told); n > 1 {
		text = fmt.Sprintf("%d of the %d free volumes were so until a time that has passed, act on each line at once", len(expired), n)
	}
	a.printError(fmt.Errorf("%w: %s", guard.ErrReportExpired, text))
	if !first.out.machine() && len(a.told) == 1 {
		io.WriteString(a.stdout, a.outStyle(red, "EXPIRED")+": do not open it, check again\n")
	}
}

// clockTime is until when a report may be acted on.
func clockTime(r guard.Report) string { return r.ValidUntil().UTC().Format("15:04:05Z") }
