package guardreport_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// The first line and the last one never tell to open a volume unless the report is
// free, valid, and about what its reader asks.
func TestFirstAndLastLine(t *testing.T) {
	fresh := func() bool { return false }
	expired := func() bool { return true }
	for name, row := range map[string]struct {
		verdict     guard.Verdict
		view        guardreport.View
		first, last string
	}{
		"free":            {guard.Free, guardreport.View{Expired: fresh}, "zbs://p/v: FREE until ", "next: open it now, before "},
		"free, expired":   {guard.Free, guardreport.View{Expired: expired}, "zbs://p/v: EXPIRED, was free until ", "next: do not open it: check again"},
		"free, elsewhere": {guard.Free, guardreport.View{Expired: fresh, Mismatch: errors.New("another volume")}, "zbs://p/v: FREE, BUT NOT FOR THIS QUESTION", "next: do not open anything by this report: another volume"},
		"free, long ago":  {guard.Free, guardreport.View{Expired: fresh, AsOf: now}, "zbs://p/v: FREE until ", "next: nothing: this is what was known at 2026-01-02T03:04:05Z"},
		"in use":          {guard.InUse, guardreport.View{Expired: expired}, "zbs://p/v: IN USE", "next: do not open it; close it where it is open"},
		"cannot tell":     {guard.Unknown, guardreport.View{Expired: expired}, "zbs://p/v: CANNOT TELL", "next: do not open it; settle what is said above"},
	} {
		t.Run(name, func(t *testing.T) {
			report := guard.Report{Volume: zbs.Path{Pool: "p", Volume: "v"}, Verdict: row.verdict}
			var out strings.Builder
			guardreport.Print(&out, term.NewLayout(nil, false), report, row.view)
			if !strings.HasPrefix(out.String(), row.first) || !strings.Contains(out.String(), "\n\n"+row.last) {
				t.Errorf("want %q first and %q last:\n%s", row.first, row.last, &out)
			}
		})
	}
}

// The same cause stands there once, with every place.
func TestCauseStandsThereOnce(t *testing.T) {
	a, b := zbs.Addr{Host: "mds-a", Port: 1}, zbs.Addr{Host: "mds-b", Port: 1}
	report := guard.Report{Verdict: guard.Unknown, Reasons: []guard.Reason{
		{Code: proof.Unsynced, MDS: a}, {Code: proof.NoReply, MDS: b}, {Code: proof.Unsynced, MDS: b},
	}}
	var out strings.Builder
	guardreport.Print(&out, term.NewLayout(nil, false), report, guardreport.View{})
	if got := strings.Count(out.String(), "why:"); got != 2 || !strings.Contains(out.String(), "at:   mds-a:1; mds-b:1\n") {
		t.Errorf("%d causes, want 2, the first at both MDS:\n%s", got, &out)
	}
	if got := strings.Count(out.String(), guardreport.Settle(guard.Reason{Code: proof.NoReply})); got != 1 {
		t.Errorf("the remedy stands there %d times, want once:\n%s", got, &out)
	}
}
