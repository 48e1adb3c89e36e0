package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
)

// volumeCreateCommand returns zbsctl volume create.
func volumeCreateCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create PATH --size SIZE",
		Short: "Create a volume",
		Long:  "Create a volume.\n\n" + sizeHelp,
		Example: `  zbsctl volume create zbs://pool/volume --size 20G
  zbsctl volume create zbs://pool/volume --size 1.5T --skip-existing -o json | jq '.changes[0].size'`,
		Args: cobra.ExactArgs(1),
	}
	c := newChanger(env, to, cmd)
	asked := sizeFlag(cmd)
	skip := cmd.Flags().Bool("skip-existing", false, "take a volume that is there, if it is of this size")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseVolume(args[0])
		if err != nil {
			return err
		}
		req := volume.CreateRequest{Path: path, Size: int64(*asked), SkipIfExisting: *skip}
		done := "created"
		if req.SkipIfExisting {
			done = "there is"
		}
		return c.run(cmd.Context(), []change{{
			title: "create " + req.Path.String(), doc: changeDoc{Path: req.Path.String(), RequestedSize: req.Size},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				info, err := cl.Create(ctx, req, opts...)
				doc.volume(info, err)
				return fmt.Sprintf("%s %s, %s", done, req.Path, roundedText(info.Size, *asked)), err
			},
		}})
	}
	return cmd
}

// volumeExpandCommand returns zbsctl volume expand.
func volumeExpandCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "expand PATH --size SIZE",
		Short: "Make a volume larger",
		Long: `Make a volume larger. If it has the size already, that is a success. A volume never
shrinks.

` + sizeHelp,
		Example: "  zbsctl volume expand zbs://pool/volume --size 40G",
		Args:    cobra.ExactArgs(1),
	}
	c := newChanger(env, to, cmd)
	asked := sizeFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseVolume(args[0])
		if err != nil {
			return err
		}
		req := volume.ExpandRequest{Path: path, Size: int64(*asked)}
		return c.run(cmd.Context(), []change{{
			title: "expand " + req.Path.String(), doc: changeDoc{Path: req.Path.String(), RequestedSize: req.Size},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				info, err := cl.Expand(ctx, req, opts...)
				doc.volume(info, err)
				return fmt.Sprintf("%s has %s", req.Path, roundedText(info.Size, *asked)), err
			},
		}})
	}
	return cmd
}

// volumeFlattenCommand returns zbsctl volume flatten.
func volumeFlattenCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "flatten PATH",
		Short: "Make a clone independent of its snapshot",
		Long: `Make a clone independent of its snapshot. A volume that is no clone is a success.

It takes as long as the data. Interrupting zbsctl does not stop the agent.`,
		Example: "  zbsctl volume flatten zbs://pool/clone",
		Args:    cobra.ExactArgs(1),
	}
	c := newChanger(env, to, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path, err := parseVolume(args[0])
		if err != nil {
			return err
		}
		return c.run(cmd.Context(), []change{{
			title: "flatten " + path.String(), doc: changeDoc{Path: path.String()},
			make: func(ctx context.Context, cl cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
				info, err := cl.Flatten(ctx, path, opts...)
				doc.volume(info, err)
				return path.String() + " depends on no snapshot", err
			},
		}})
	}
	return cmd
}

// volumeDeleteCommand returns zbsctl volume delete.
func volumeDeleteCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete PATH...",
		Short: "Delete volumes and their snapshots",
		Long: fmt.Sprintf(`Delete volumes and all their snapshots, %d volumes at a time. A volume that does
not exist is a success, if an MDS of the cluster confirms that.

Before the deletion zbsctl checks that no host has the volume open, and afterwards that
the volume is gone: agents answer success even if they could not look. A check that
expires before an MDS gets its request is repeated.`, parallelism),
		Example: `  zbsctl volume delete zbs://pool/volume
  zbsctl volume delete zbs://pool/a zbs://pool/b --wait 5m --yes`,
		Args: cobra.MinimumNArgs(1),
	}
	c := newDestroyer(env, to, cmd)
	release := c.releaseFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		paths, err := parseVolumes(args)
		if err != nil {
			return err
		}
		names, changes := make([]string, len(paths)), make([]change, len(paths))
		for i, path := range paths {
			names[i], changes[i] = path.String(), deletion(volume.DeleteRequest{Path: path, Release: *release})
		}
		if err := c.confirm(cmd.Context(), forced("deletes with all snapshots", release), names...); err != nil {
			return err
		}
		return c.run(cmd.Context(), changes)
	}
	return cmd
}

// deletion returns the change that deletes a volume.
func deletion(req volume.DeleteRequest) change {
	return change{
		title: "delete " + req.Path.String(), doc: changeDoc{Path: req.Path.String()},
		make: func(ctx context.Context, c cluster, doc *changeDoc, opts []mds.CallOption) (string, error) {
			deleted, err := c.Delete(ctx, req, opts...)
			if err != nil {
				return "", err
			}
			doc.Existed = &deleted.Existed
			if !deleted.Existed {
				return req.Path.String() + " did not exist", nil
			}
			return "deleted " + req.Path.String(), nil
		},
	}
}
