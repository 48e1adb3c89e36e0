package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume"
)

// anyName is the flag that allows any name of a snapshot.
type anyName bool

// anyNameFlag adds --any-name.
func anyNameFlag(cmd *cobra.Command) *anyName {
	lifted := new(anyName)
	cmd.Flags().BoolVar((*bool)(lifted), "any-name", false, fmt.Sprintf(
		"accept a snapshot's name that has not %d characters: agents find a snapshot\nby a part of its name, so the name of no other snapshot may contain it", volume.SnapshotNameLength))
	return lifted
}

// options returns the options of a Service for the flag.
func (n *anyName) options() []volume.Option {
	if *n {
		return []volume.Option{volume.AnySnapshotName()}
	}
	return nil
}
