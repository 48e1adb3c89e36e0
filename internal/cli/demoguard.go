package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/volume/guard"
)

// demoTiming keeps the rounds of the demo close: the clients of the fake register
// at once.
var demoTiming = guard.Timing{Refresh: 500 * time.Millisecond, LeaderRetry: 500 * time.Millisecond, Span: 500 * time.Millisecond}

// guardStep is a state of the cluster in which the Guard is asked.
type guardStep struct {
	title string
	setup func(d *demonstration)
}

var guardSteps = []guardStep{
	{"it is open on 10.0.0.5", func(*demonstration) {}},
	{"10.0.0.5 has closed it", func(d *demonstration) { d.cluster.CloseClient(d.path.String(), "10.0.0.5") }},
	{"two MDS were restarted", func(d *demonstration) {
		d.cluster.Node(0).Unsync()
		d.cluster.Node(1).Unsync()
	}},
}

// playGuard asks whether another host may open the volume.
func (d *demonstration) playGuard(ctx context.Context, number int) error {
	caller, err := d.newCaller()
	if err != nil {
		return err
	}
	defer caller.Close()
	for i := range d.cluster.Addrs() {
		d.cluster.Node(i).Sync("5.5.0")
	}
	g := guard.New(caller, guard.AllowHost("10.0.0.6"), guard.MinCanaryHosts(2), guard.WithTiming(demoTiming))
	fmt.Fprintf(d.stdout, "\n%s\n", d.outStyle(bold, fmt.Sprintf("%d. May host 10.0.0.6 open it? The Guard", number)))
	for _, step := range guardSteps {
		step.setup(d)
		start := time.Now()
		report, _ := g.Check(ctx, d.path)
		verdict := verdictCell(report.Verdict)
		fmt.Fprintf(d.stdout, "   %-22s  %s%s, after %s\n", step.title, d.outStyle(verdict.style, "=> "+verdict.text), strings.Replace(inShort(report), "  ", " ", 1), took(time.Since(start)))
	}
	fmt.Fprintf(d.stdout, "   %s\n", d.outStyle(dim, fmt.Sprintf("Free takes a majority that proves it can list, twice, %v apart (%v by default). Doubt is never free.",
		demoTiming.Refresh+demoTiming.LeaderRetry, guard.DefaultRefresh+guard.DefaultLeaderRetry)))
	return ctx.Err()
}
