// Package cli is the operator's tool zbsctl: a file per command. Commands
// parse, call the packages of the library and print; data goes to stdout,
// everything for people to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
)

// app is one run of zbsctl.
type app struct {
	args     []string
	getenv   func(string) string
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	ran      bool          // a command was reached: errors from then on are not usage errors
	code     int           // of a command that printed what failed itself
	progress *progress     // nil where nobody watches
	guarding *guarding     // how the command makes its Guard; nil: it has none
	told     []freeVerdict // what was said to be free, for as long as that holds

	mdsList        []string
	contextName    string
	configFile     string
	timeout        time.Duration
	connectTimeout time.Duration
	callbackListen string
	callbackURL    string
	verbose        bool
	trace          bool
}

// Main runs zbsctl with the arguments and returns its exit code. It ends its
// work when the process is interrupted.
func Main(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{args: args, getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.rootCommand()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		if !a.ran {
			err = &usageError{fmt.Errorf("%w; zbsctl help shows commands and flags", err)}
		}
		a.printError(err)
		return exitCode(err)
	}
	a.recheck()
	return a.code
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "zbsctl",
		Short: "Ask the metadata servers (MDS) of a ZBS cluster, safely when part of it is broken",
		Long: `zbsctl asks the metadata servers (MDS) of a ZBS cluster, safely when part of it is broken.
It changes volumes and snapshots, too, and finds out what became of a change.

The MDS come from --mds, else from ZBS_MDS, else from the current context of the
configuration file (zbsctl help config).`,
		Example: `  zbsctl demo
  zbsctl clients zbs://pool/volume --mds mds-a,mds-b,mds-c
  ZBS_MDS="mds-a mds-b mds-c" zbsctl mds status`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: a.reached,
		DisableAutoGenTag: true,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	flags := root.PersistentFlags()
	flags.StringArrayVar(&a.mdsList, "mds", nil, "an MDS, or several with commas between; may be repeated (name, address, host:port, URL, or MDS URL user:password@host)")
	flags.StringVar(&a.contextName, "context", "", "context of the configuration file (default: its current one)")
	flags.StringVar(&a.configFile, "config", "", "configuration file (default: ZBS_CONFIG, else ~/.config/zbsctl/config.yaml)")
	flags.DurationVar(&a.timeout, "timeout", 0, "bound of each attempt at one MDS (default 30s; a change has more)")
	flags.DurationVar(&a.connectTimeout, "connect-timeout", 0, "bound of connecting to one MDS (default 30s)")
	flags.StringVar(&a.callbackListen, "callback-listen", "", "address to listen on for the agents' results (default: a free port of all)")
	flags.StringVar(&a.callbackURL, "callback-url", "", "URL the agents post results to (default: the local address that routes to them)")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log every attempt to stderr")
	flags.BoolVar(&a.trace, "trace", false, "show on stderr why each MDS was or was not asked, and what came of it")
	root.AddCommand(
		a.guardCommand(), a.hostsCommand(), a.clientsCommand(), a.volumeCommand(), a.snapshotCommand(), a.poolCommand(), a.mdsCommand(), a.hostCommand(), a.vhostCommand(),
		a.routeCommand(), a.demoCommand(), a.fakeCommand(), a.versionCommand(),
		configTopic(), exitCodesTopic(),
	)
	return root
}

// reached tells mistakes in flags, which cobra looks for later than this, from
// errors of the command.
func (a *app) reached(cmd *cobra.Command, _ []string) error {
	if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
		return err
	}
	a.ran = true
	return nil
}

// group is a command that has only others below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// caller returns the Caller that flags, environment and configuration describe.
// Bad values are usage errors.
func (a *app) caller() (*mds.Caller, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	return a.callerOf(s)
}

func (a *app) callerOf(s settings) (*mds.Caller, error) {
	opts := []mds.Option{mds.WithLogger(a.logger())}
	if s.timeout != 0 {
		opts = append(opts, mds.WithAttemptTimeout(s.timeout))
	}
	if s.connectTimeout != 0 {
		opts = append(opts, mds.WithConnectTimeout(s.connectTimeout))
	}
	if a.progress != nil {
		opts = append(opts, mds.WithHook(a.progress))
	}
	if a.trace {
		opts = append(opts, mds.WithHook(&tracer{app: a}))
	}
	if a.callbackURL != "" {
		opts = append(opts, mds.WithCallbackURL(a.callbackURL))
	}
	if a.callbackListen != "" {
		listener, err := net.Listen("tcp", a.callbackListen)
		if err != nil {
			return nil, usagef("--callback-listen: %w", err)
		}
		opts = append(opts, mds.WithCallbackListener(listener))
	}
	c, err := mds.New(s.mds, opts...)
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}

func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
