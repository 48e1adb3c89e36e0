package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the job under failure, on a fake cluster inside this process",
		Long: `Start a fake cluster of three MDS inside this process and ask it who has a
volume open: while all is well, with one MDS dead, one hung, all dead, and one
that was restarted. Then ask the Guard whether another host may open it. No
cluster is needed and no network is used.`,
		Example: "  zbsctl demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context()) },
	}
}

// demonstration is the fake cluster and the client that asks it.
type demonstration struct {
	*app
	cluster *fakemds.Cluster
	path    zbs.Path
	first   int // the node that is asked first for path
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

func (d *demonstration) node() *fakemds.Node { return d.cluster.Node(d.first) }

func (a *app) demo(ctx context.Context) error {
	cluster, err := fakemds.Start(3)
	if err != nil {
		return err
	}
	defer cluster.Close()
	d := &demonstration{app: a, cluster: cluster, path: zbs.Path{Pool: "pool-ssd", Volume: "4f1b6c0e9d3a4d5f8a7b2c1e0f9d8c7b"}}
	cluster.AddVolume(d.path.String(), "10.0.0.5:9001")
	for _, h := range demoHosts {
		cluster.AddVolume(h.Open[0].String(), h.Addrs[0].String())
	}
	fmt.Fprintf(a.stdout, "%s\n%s is open on host 10.0.0.5. Who has it open, say the MDS?\n",
		a.outStyle(dim, "A fake ZBS cluster of three MDS runs inside this process."), a.outStyle(bold, d.path.String()))
	for i, s := range scenes {
		if err := d.play(ctx, i+1, s); err != nil {
			return err
		}
	}
	if err := d.playGuard(ctx, len(scenes)+1); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "\nTry it on real sockets:  zbsctl fake serve   and in another terminal   zbsctl clients %s --mds ...\n", d.path)
	return nil
}

// newCaller returns a client of its own, as of a program that just started.
func (d *demonstration) newCaller() (*mds.Caller, error) {
	listener, err := d.cluster.Listen()
	if err != nil {
		return nil, err
	}
	return mds.New(d.cluster.Addrs(), mds.WithDialContext(d.cluster.DialContext),
		mds.WithCallbackListener(listener))
}

// play shows one scene.
func (d *demonstration) play(ctx context.Context, number int, s scene) error {
	caller, err := d.newCaller()
	if err != nil {
		return err
	}
	defer caller.Close()
	service := volume.NewService(caller)
	// The pool map is cached by the time something breaks, as in any program
	// that has run for a while.
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
	out := d.stdout
	fmt.Fprintf(out, "\n%s\n", d.outStyle(bold, fmt.Sprintf("%d. %s", number, s.title)))
	for _, attempt := range list.Trace.Attempts {
		what, tone := "answered", green
		if attempt.Err != nil {
			what, tone = fmt.Sprintf("%s: %v", attempt.Phase, attempt.Err), red
		}
		fmt.Fprintf(out, "   %s  %9s   %s\n", attempt.Addr, took(attempt.Duration), d.outStyle(tone, what))
	}
	fmt.Fprintf(out, "   %s after %s\n", d.verdict(list, err), took(total))
	fmt.Fprintf(out, "   %s\n", d.outStyle(dim, s.lesson))
}

func (d *demonstration) verdict(list volume.ClientList, err error) string {
	if err != nil {
		tried := 0
		if walk, ok := errors.AsType[*mds.WalkError](err); ok {
			tried = len(walk.Attempts)
		}
		return d.outStyle(red, fmt.Sprintf("=> cannot tell: none of %d MDS answered,", tried))
	}
	if len(list.Clients) == 0 {
		return d.outStyle(yellow, fmt.Sprintf("=> %s lists nobody,", list.MDS))
	}
	hosts := make([]string, len(list.Clients))
	for i, client := range list.Clients {
		hosts[i] = client.String()
	}
	return d.outStyle(green, fmt.Sprintf("=> open on %s, says %s,", strings.Join(hosts, ", "), list.MDS))
}
