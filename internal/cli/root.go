// Package cli is the operator's tool zbsctl.
//
// Main (root.go, groups.go) puts the commands together. A command is a function of two
// things: an environment (environment.go: arguments, streams, exit code, how errors are
// printed) and a target (target.go: flags, environment and configuration file say which
// MDS, and it opens a cluster of them). It parses flags, calls the packages of the
// library and prints: data goes to stdout, everything for people to stderr.
//
// Each command has a file with its name. A larger one has more: documents for JSON and
// YAML end in doc.go, what is printed for people ends in view.go. Commands that change
// something share change.go, those with a Guard guardflags.go.
//
// Leaves are packages of their own: internal/term (styles, tables), internal/health
// (state of an MDS), internal/guardreport (reports for people) and internal/top (the
// live screen). Files use each other in one direction only.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Main runs zbsctl with the arguments and returns its exit code. An interrupt of the
// process ends what it does.
func Main(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := &environment{args: args, getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	reached := false
	root := rootCommand(env, &reached)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		if !reached {
			err = &usageError{fmt.Errorf("%w; zbsctl help shows commands and flags", err)}
		}
		env.printError(err)
		return exitCode(err)
	}
	return env.code
}

// rootCommand returns zbsctl with all its commands. It sets reached when a command
// begins to run: an error before that is a mistake in the arguments.
func rootCommand(env *environment, reached *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "zbsctl",
		Short: "Ask the metadata servers (MDS) of a ZBS cluster, safely when part of it is broken",
		Long: `zbsctl asks the metadata servers (MDS) of a ZBS cluster, safely when part of it is broken.
It also changes volumes and snapshots. When the reply to a change is lost, it finds out
whether the change has happened.

The MDS come from --mds, else from ZBS_MDS, else from the current context of the
configuration file (zbsctl help config).`,
		Example: `  zbsctl demo
  zbsctl clients zbs://pool/volume --mds mds-a,mds-b,mds-c
  ZBS_MDS="mds-a mds-b mds-c" zbsctl mds status`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			// cobra itself checks these flags later than this.
			err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups())
			*reached = err == nil
			return err
		},
		DisableAutoGenTag: true,
	}
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	to := newTarget(env, root.PersistentFlags())
	root.AddCommand(
		guardCommand(env, to), hostsCommand(env, to), clientsCommand(env, to), volumeCommand(env, to), snapshotCommand(env, to),
		poolCommand(env, to), mdsCommand(env, to), hostCommand(env, to), vhostCommand(env, to),
		routeCommand(env), demoCommand(env, to), fakeCommand(env), versionCommand(env),
		configTopic(), exitCodesTopic(),
	)
	return root
}
