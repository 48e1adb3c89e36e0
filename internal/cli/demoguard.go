package cli

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// demoTiming keeps the rounds of the demo short. The clients of the fake register at
// once.
var demoTiming = guard.Timing{Refresh: 500 * time.Millisecond, LeaderRetry: 500 * time.Millisecond, Span: 500 * time.Millisecond}

// demoHosts are the hosts of the demo. Each runs a machine, whose disk is open.
var demoHosts = guard.Hosts{
	{Name: "kvm-5", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}, Open: []zbs.Path{{Pool: "pool-ssd", Volume: "disk-of-a"}}},
	{Name: "kvm-6", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.6")}, Open: []zbs.Path{{Pool: "pool-ssd", Volume: "disk-of-b"}}},
	{Name: "kvm-7", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.7")}, Open: []zbs.Path{{Pool: "pool-ssd", Volume: "disk-of-c"}}},
}

// guardStep is a state of the cluster, and what the Guard says then.
type guardStep struct {
	title string
	setup func(d *demonstration)
}

var guardSteps = []guardStep{
	{"kvm-5 has it open", func(*demonstration) {}},
	{"kvm-5 has closed it", func(d *demonstration) { d.cluster.CloseClient(d.path.String(), "10.0.0.5") }},
	{"kvm-7 has lost the MDS", func(d *demonstration) { d.cluster.CloseClient("zbs://pool-ssd/disk-of-c", "10.0.0.7") }},
	{"kvm-7 is back, two MDS restarted", func(d *demonstration) {
		d.cluster.Open("zbs://pool-ssd/disk-of-c", "10.0.0.7")
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
	config := guardconfig.Config{Hosts: guardconfig.Literal("the demo", demoHosts), Timing: demoTiming, Allowed: []string{"kvm-6"}}
	g, err := config.Open(ctx, caller, d.logger)
	if err != nil {
		return err
	}
	defer g.Close()
	fmt.Fprintf(d.env.stdout, "\n%s\n", d.env.outStyle(term.Bold, fmt.Sprintf("%d. May host kvm-6 open it? The Guard, which knows all three hosts", number)))
	for _, step := range guardSteps {
		step.setup(d)
		start := time.Now()
		report, _ := g.Check(ctx, d.path)
		verdict := guardreport.VerdictCell(report.Verdict)
		fmt.Fprintf(d.env.stdout, "   %-32s  %s after %s\n", step.title, d.env.outStyle(verdict.Style, "=> "+verdict.Text), term.Took(time.Since(start)))
		if report.Verdict != guard.Free {
			for _, line := range term.Wrap(guardreport.InShort(report), 70) {
				fmt.Fprintf(d.env.stdout, "      %s\n", d.env.outStyle(term.Dim, line))
			}
		}
	}
	fmt.Fprintf(d.env.stdout, "   %s\n", d.env.outStyle(term.Dim, fmt.Sprintf("Free takes a majority that can list, and every host accounted for, twice,\n   %v apart (%v by default). Doubt is never free.",
		demoTiming.Refresh+demoTiming.LeaderRetry, guard.DefaultRefresh+guard.DefaultLeaderRetry)))
	return ctx.Err()
}
