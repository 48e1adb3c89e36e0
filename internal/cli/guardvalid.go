package cli

import (
	"fmt"
	"io"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// freeReports are the reports that a command printed as free. It looks at them again
// before it ends: its output may have been blocked until they expired.
type freeReports struct {
	env     *environment
	reports []guard.Report // without their evidence
	out     format         // in which they were printed
}

// add remembers a report that is printed as free.
func (f *freeReports) add(r guard.Report, out format) {
	r.Evidence, r.Hosts, r.Holders = proof.Evidence{}, nil, nil
	f.reports, f.out = append(f.reports, r), out
}

// recheck prints an error if a report has expired meanwhile, and counts its exit code.
func (f *freeReports) recheck() {
	var expired []guard.Report
	for _, r := range f.reports {
		if r.Expired() {
			expired = append(expired, r)
		}
	}
	if len(expired) == 0 {
		return
	}
	f.env.exitWith(exitCannotTell)
	text := fmt.Sprintf("%s was free until %s, which has passed", expired[0].Volume, guardreport.ClockTime(expired[0]))
	if n := len(f.reports); n > 1 {
		text = fmt.Sprintf("%d of the %d free volumes were so until a time that has passed, act on each line at once", len(expired), n)
	}
	f.env.printError(fmt.Errorf("%w: %s", guard.ErrReportExpired, text))
	if !f.out.machine() && len(f.reports) == 1 {
		io.WriteString(f.env.stdout, f.env.outStyle(term.Red, "EXPIRED")+": do not open it, check again\n")
	}
}

// showReport prints a report as a document, or for people.
func showReport(env *environment, out format, r guard.Report, v guardreport.View) error {
	if out.machine() {
		return encode(env.stdout, out, r)
	}
	guardreport.Print(env.stdout, env.layout(), r, v)
	return nil
}
