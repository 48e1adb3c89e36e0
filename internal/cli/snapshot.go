package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

func (a *app) snapshotCommand() *cobra.Command {
	return group("snapshot", "Make, delete and go back to snapshots",
		a.snapshotCreateCommand(), a.snapshotDeleteCommand(), a.snapshotRollbackCommand())
}

func (a *app) snapshotCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create PATH@NAME",
		Short: "Make a snapshot of a volume",
		Example: `  zbsctl snapshot create zbs://pool/volume@0123456789abcdef0123456789abcdef
  zbsctl snapshot create zbs://pool/volume@before-upgrade --any-name`,
		Args: cobra.ExactArgs(1),
	}
	c, any := a.changing(cmd), anyNameFlag(cmd)
	skip := cmd.Flags().Bool("skip-existing", false, "take a snapshot that is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseSnapshot(args[0])
		if err != nil {
			return err
		}
		req := volume.SnapshotRequest{Path: path, SkipIfExisting: *skip}
		return c.run(cmd.Context(), []change{{
			title: "create snapshot " + path.String(), doc: changeDoc{Path: path.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				made, err := cl.CreateSnapshot(ctx, req, opts...)
				if err != nil {
					return "", err
				}
				doc.Existed = &made.Existed
				if made.Existed {
					return path.String() + " existed", nil
				}
				doc.Size = &made.Size
				return "created " + path.String(), nil
			},
		}}, any.options()...)
	}
	return cmd
}

func (a *app) snapshotDeleteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete PATH@NAME",
		Short: "Delete a snapshot",
		Long: `Delete a snapshot. Agents answer success also for one that does not exist, and for
one that is kept because it has a clone; nothing tells these apart.`,
		Example: "  zbsctl snapshot delete zbs://pool/volume@0123456789abcdef0123456789abcdef",
		Args:    cobra.ExactArgs(1),
	}
	c := a.destroying(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseSnapshot(args[0])
		if err != nil {
			return err
		}
		if err := c.confirm(cmd.Context(), "deletes the snapshot", path.String()); err != nil {
			return err
		}
		line := "asked to delete " + path.String() + ", which nothing confirms: it stays while it has a clone"
		return c.run(cmd.Context(), []change{
			simple("delete snapshot "+path.String(), line, changeDoc{Path: path.String()}, path, cluster.DeleteSnapshot),
		})
	}
	return cmd
}

func (a *app) snapshotRollbackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollback PATH@NAME",
		Short: "Make a volume what it was at a snapshot",
		Long: `Make a volume what it was at a snapshot: what was written since is lost. First it
is made sure that no host has the volume open.`,
		Example: `  zbsctl snapshot rollback zbs://pool/volume@0123456789abcdef0123456789abcdef
  zbsctl snapshot rollback zbs://pool/volume@0123456789abcdef0123456789abcdef --wait 5m --yes`,
		Args: cobra.ExactArgs(1),
	}
	c, release := a.destroying(cmd), a.releaseFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseSnapshot(args[0])
		if err != nil {
			return err
		}
		if err := c.confirm(cmd.Context(), forced("destroys what was written since the snapshot", release), path.String()); err != nil {
			return err
		}
		req := volume.RollbackRequest{Path: path, Release: *release}
		return c.run(cmd.Context(), []change{{
			title: "roll back to " + path.String(), doc: changeDoc{Path: path.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				info, err := cl.Rollback(ctx, req, opts...)
				doc.volume(info, err)
				return fmt.Sprintf("rolled back to %s, %s", path, sizeText(info.Size)), err
			},
		}})
	}
	return cmd
}
