package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// demonstration is a fake cluster, and where its answers are printed.
type demonstration struct {
	env     *environment
	logger  *slog.Logger
	cluster *fakemds.Cluster
	path    zbs.Path
	first   int // the MDS that is asked first for path
}

// scene is one state of the cluster.
type scene struct {
	title  string
	setup  func(d *demonstration)
	lesson string
}

var scenes = []scene{
	{
		title:  "All three MDS are well",
		setup:  func(*demonstration) {},
		lesson: "One request. The order of the MDS follows from the volume's path.",
	},
	{
		title:  "The first MDS is dead",
		setup:  func(d *demonstration) { d.node().Inject(fakemds.Refuse) },
		lesson: "A refused connect proves that nothing was sent: the next one is asked at once.",
	},
	{
		title:  "The first MDS hangs",
		setup:  func(d *demonstration) { d.node().Inject(fakemds.Hang) },
		lesson: "It takes far longer than usual, so the next one is asked as well. From now on it is asked last.",
	},
	{
		title: "All MDS are dead",
		setup: func(d *demonstration) {
			for i := range d.cluster.Addrs() {
				d.cluster.Node(i).Inject(fakemds.Refuse)
			}
		},
		lesson: "One error that names every MDS. It never reads as \"nobody has it open\".",
	},
	{
		title:  "The first MDS was restarted and lists nobody",
		setup:  func(d *demonstration) { d.node().Unsync() },
		lesson: "It answers an empty list although the volume is open: an empty list is no proof.",
	},
}

// node returns the MDS that is asked first.
func (d *demonstration) node() *fakemds.Node { return d.cluster.Node(d.first) }

// newCaller returns a new Caller: nothing is known of the MDS yet.
func (d *demonstration) newCaller() (*mds.Caller, error) {
	listener, err := d.cluster.Listen()
	if err != nil {
		return nil, err
	}
	return mds.New(d.cluster.Addrs(), mds.WithDialContext(d.cluster.DialContext),
		mds.WithCallbackListener(listener))
}

// play prints one scene.
func (d *demonstration) play(ctx context.Context, number int, s scene) error {
	caller, err := d.newCaller()
	if err != nil {
		return err
	}
	defer caller.Close()
	service := volume.NewService(caller)
	// This call caches the pools: so has any program that runs for a while before
	// something breaks.
	warm, err := service.Clients(ctx, d.path)
	if err != nil {
		return err
	}
	d.first = d.indexOf(warm.MDS)

	s.setup(d)
	start := time.Now()
	list, err := service.Clients(ctx, d.path)
	d.show(number, s, list, err, time.Since(start))
	for i := range d.cluster.Addrs() {
		d.cluster.Node(i).Clear()
	}
	return ctx.Err()
}

func (d *demonstration) indexOf(addr zbs.Addr) int {
	for i, s := range d.cluster.Addrs() {
		if s == addr.String() {
			return i
		}
	}
	return 0
}

func (d *demonstration) show(number int, s scene, list volume.ClientList, err error, total time.Duration) {
	out := d.env.stdout
	fmt.Fprintf(out, "\n%s\n", d.env.outStyle(term.Bold, fmt.Sprintf("%d. %s", number, s.title)))
	for _, attempt := range list.Trace.Attempts {
		what, tone := "answered", term.Green
		if attempt.Err != nil {
			what, tone = fmt.Sprintf("%s: %v", attempt.Phase, attempt.Err), term.Red
		}
		fmt.Fprintf(out, "   %s  %9s   %s\n", attempt.Addr, term.Took(attempt.Duration), d.env.outStyle(tone, what))
	}
	fmt.Fprintf(out, "   %s after %s\n", d.verdict(list, err), term.Took(total))
	fmt.Fprintf(out, "   %s\n", d.env.outStyle(term.Dim, s.lesson))
}

// verdict says what the MDS answered.
func (d *demonstration) verdict(list volume.ClientList, err error) string {
	if err != nil {
		tried := 0
		if call, ok := errors.AsType[*mds.CallError](err); ok {
			tried = len(call.Attempts)
		}
		return d.env.outStyle(term.Red, fmt.Sprintf("=> cannot tell: none of %d MDS answered,", tried))
	}
	if len(list.Clients) == 0 {
		return d.env.outStyle(term.Yellow, fmt.Sprintf("=> %s lists nobody,", list.MDS))
	}
	hosts := make([]string, len(list.Clients))
	for i, client := range list.Clients {
		hosts[i] = client.String()
	}
	return d.env.outStyle(term.Green, fmt.Sprintf("=> open on %s, says %s,", strings.Join(hosts, ", "), list.MDS))
}
