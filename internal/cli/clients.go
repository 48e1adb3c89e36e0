package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// clientsCommand returns zbsctl clients.
func clientsCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clients PATH...",
		Short: "Show who has volumes open",
		Long: `Show which clients have each volume open, which MDS said so, and how long it took.

zbsctl asks one MDS after the other until one answers. If its list is empty, zbsctl
asks the others as well, whether the volume exists, and how each MDS is: an agent
that was restarted lists no clients until it is synced. Even then an empty list does
not prove that no host has the volume open; zbsctl guard can prove it.`,
		Example: `  zbsctl clients zbs://pool/volume
  zbsctl clients zbs://pool/a zbs://pool/b -o wide --timeout 5s
  zbsctl clients cbd:physical/pool/volume -o json | jq '.volumes[].clients'`,
		Args: cobra.MinimumNArgs(1),
	}
	out := outputFlag(cmd)
	tryNext := cmd.Flags().Bool("try-next", true, "go on to the next MDS also after a time-out or an agent's refusal")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var opts []mds.CallOption
		if !*tryNext {
			opts = append(opts, mds.NoTryNext())
		}
		return listClients(cmd.Context(), env, to, args, *out, opts)
	}
	return cmd
}

func listClients(ctx context.Context, env *environment, to *target, args []string, out format, opts []mds.CallOption) error {
	paths, err := parseVolumes(args)
	if err != nil {
		return err
	}
	var answers []volumeClients
	err = to.withCluster(func(c cluster) error {
		answers = askEach(paths, func(path zbs.Path) volumeClients { return c.askClients(ctx, path, opts) })
		return nil
	})
	if err != nil {
		return err
	}
	if err := env.show(out, clientsDocOf(answers), clientsTable(answers, out)); err != nil {
		return err
	}
	for _, answer := range answers {
		switch {
		case answer.err != nil:
			env.failed(answer.err)
		case len(answer.all()) == 0:
			env.note("%s: an empty list is no proof that nobody has it open; zbsctl guard gives one", answer.list.Path)
		}
	}
	return nil
}
