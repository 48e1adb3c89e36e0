package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
)

// anyName is the flag that lifts the rule of snapshots' names.
type anyName bool

func anyNameFlag(cmd *cobra.Command) *anyName {
	lifted := new(anyName)
	cmd.Flags().BoolVar((*bool)(lifted), "any-name", false, fmt.Sprintf(
		"take a snapshot's name that has not %d characters: agents find snapshots\nby a part of the name, so no other one's name may contain it", volume.SnapshotNameLength))
	return lifted
}

func (n *anyName) options() []volume.Option {
	if *n {
		return []volume.Option{volume.AnySnapshotName()}
	}
	return nil
}
