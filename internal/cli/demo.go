package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/zbs"
)

// demoCommand returns zbsctl demo.
func demoCommand(env *environment, to *target) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the job under failure, on a fake cluster inside this process",
		Long: `Start a fake cluster of three MDS inside this process, and ask it which hosts have
a volume open: while all is well, with one MDS dead, one hung, all dead, and one
restarted. Then ask the Guard whether another host may open the volume. The demo
needs no cluster and uses no network.`,
		Example: "  zbsctl demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), env, to) },
	}
}

// runDemo plays all scenes.
func runDemo(ctx context.Context, env *environment, to *target) error {
	cluster, err := fakemds.Start(3)
	if err != nil {
		return err
	}
	defer cluster.Close()
	d := &demonstration{env: env, logger: to.logger(), cluster: cluster, path: zbs.Path{Pool: "pool-ssd", Volume: "4f1b6c0e9d3a4d5f8a7b2c1e0f9d8c7b"}}
	cluster.AddVolume(d.path.String(), "10.0.0.5:9001")
	for _, h := range demoHosts {
		cluster.AddVolume(h.Open[0].String(), h.Addrs[0].String())
	}
	fmt.Fprintf(env.stdout, "%s\n%s is open on host 10.0.0.5. Who has it open, say the MDS?\n",
		env.outStyle(term.Dim, "A fake ZBS cluster of three MDS runs inside this process."), env.outStyle(term.Bold, d.path.String()))
	for i, s := range scenes {
		if err := d.play(ctx, i+1, s); err != nil {
			return err
		}
	}
	if err := d.playGuard(ctx, len(scenes)+1); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "\nTry it on real sockets:  zbsctl fake serve   and in another terminal   zbsctl clients %s --mds ...\n", d.path)
	return nil
}
