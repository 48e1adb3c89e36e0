package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// snapshotCreateCommand returns zbsctl snapshot create.
func snapshotCreateCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create PATH@NAME",
		Short: "Create a snapshot of a volume",
		Example: `  zbsctl snapshot create zbs://pool/volume@0123456789abcdef0123456789abcdef
  zbsctl snapshot create zbs://pool/volume@before-upgrade --any-name`,
		Args: cobra.ExactArgs(1),
	}
	c, anyName := newChanger(env, to, cmd), anyNameFlag(cmd)
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
				doc.Existed, doc.Confirmed = &made.Existed, &made.Confirmed
				if made.Existed {
					return path.String() + " existed", nil
				}
				doc.Size = &made.Size
				return "created " + path.String(), nil
			},
		}}, anyName.options()...)
	}
	return cmd
}

// snapshotDeleteCommand returns zbsctl snapshot delete.
func snapshotDeleteCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete PATH@NAME",
		Short: "Delete a snapshot",
		Long: `Delete a snapshot. Agents answer success even if they keep the snapshot because it has
a clone. zbsctl checks that the snapshot is gone if an agent can tell; few can.`,
		Example: "  zbsctl snapshot delete zbs://pool/volume@0123456789abcdef0123456789abcdef",
		Args:    cobra.ExactArgs(1),
	}
	c := newDestroyer(env, to, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseSnapshot(args[0])
		if err != nil {
			return err
		}
		if err := c.confirm(cmd.Context(), "deletes the snapshot", path.String()); err != nil {
			return err
		}
		return c.run(cmd.Context(), []change{{
			title: "delete snapshot " + path.String(), doc: changeDoc{Path: path.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				if err := cl.DeleteSnapshot(ctx, path, opts...); err != nil {
					return "", err
				}
				confirmed := isGone(ctx, cl, path)
				if doc.Confirmed = &confirmed; !confirmed {
					return "asked to delete " + path.String() + ", which nothing confirms: it stays while it has a clone", nil
				}
				return "deleted " + path.String(), nil
			},
		}})
	}
	return cmd
}

// isGone reports whether an MDS confirms that the snapshot does not exist. It does
// not wait for that: DeleteSnapshot has looked already.
func isGone(ctx context.Context, cl cluster, path zbs.Path) bool {
	if len(mds.Supporting(ctx, cl.Caller, zbs.EndpointSnapshotQuery)) == 0 {
		return false
	}
	exists, err := cl.QuerySnapshot(ctx, path)
	return err == nil && !exists
}

// snapshotRollbackCommand returns zbsctl snapshot rollback.
func snapshotRollbackCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollback PATH@NAME",
		Short: "Return a volume to the data of a snapshot",
		Long: `Return a volume to the data of a snapshot: what was written since is lost. First zbsctl
checks that no host has the volume open.`,
		Example: `  zbsctl snapshot rollback zbs://pool/volume@0123456789abcdef0123456789abcdef
  zbsctl snapshot rollback zbs://pool/volume@0123456789abcdef0123456789abcdef --wait 5m --yes`,
		Args: cobra.ExactArgs(1),
	}
	c := newDestroyer(env, to, cmd)
	release := c.releaseFlags(cmd)
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
