package cli

import "github.com/spf13/cobra"

// volumeCommand returns zbsctl volume.
func volumeCommand(env *environment, to *target) *cobra.Command {
	return group("volume", "Look at volumes and change them", volumeQueryCommand(env, to), volumeCreateCommand(env, to), volumeExpandCommand(env, to),
		volumeDeleteCommand(env, to), volumeCloneCommand(env, to), volumeCopyCommand(env, to), volumeFlattenCommand(env, to),
		volumeExportCommand(env, to), volumeUnexportCommand(env, to))
}
