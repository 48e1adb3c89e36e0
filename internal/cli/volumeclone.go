package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// volumeCloneCommand returns zbsctl volume clone.
func volumeCloneCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clone SNAPSHOT NEWPATH",
		Short: "Create a volume that shares the data of a snapshot",
		Long: `Create a volume that shares the data of a snapshot, in the snapshot's pool. The
snapshot cannot be deleted until the clone is flattened or deleted.`,
		Example: "  zbsctl volume clone zbs://pool/volume@0123456789abcdef0123456789abcdef zbs://pool/clone",
	}
	return fromSnapshot(env, to, cmd, "clone", "cloned", cluster.Clone)
}

// volumeCopyCommand returns zbsctl volume copy.
func volumeCopyCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "copy SNAPSHOT NEWPATH",
		Short: "Create a volume with a copy of a snapshot's data",
		Long: `Create a volume with a copy of a snapshot's data, in any pool.

It takes as long as the data. Interrupting zbsctl does not stop the agent.`,
		Example: "  zbsctl volume copy zbs://pool/volume@0123456789abcdef0123456789abcdef zbs://other/copy",
	}
	return fromSnapshot(env, to, cmd, "copy", "copied", cluster.Copy)
}

// fromSnapshot completes a command that makes a volume of a snapshot with send.
func fromSnapshot(env *environment, to *target, cmd *cobra.Command, verb, done string,
	send func(cluster, context.Context, volume.CloneRequest, ...mds.CallOption) (volume.Info, error)) *cobra.Command {
	cmd.Args = cobra.ExactArgs(2)
	c := newChanger(env, to, cmd)
	anyName := anyNameFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		snapshot, err := parseSnapshot(args[0])
		if err != nil {
			return err
		}
		dst, err := parseVolume(args[1])
		if err != nil {
			return err
		}
		req := volume.CloneRequest{Snapshot: snapshot, Volume: dst}
		return c.run(cmd.Context(), []change{{
			title: fmt.Sprintf("%s %s to %s", verb, req.Snapshot, req.Volume), doc: changeDoc{Path: req.Volume.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				info, err := send(cl, ctx, req, opts...)
				doc.volume(info, err)
				return fmt.Sprintf("%s %s to %s, %s", done, req.Snapshot, req.Volume, sizeText(info.Size)), err
			},
		}}, anyName.options()...)
	}
	return cmd
}
