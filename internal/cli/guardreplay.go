package cli

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/volume/guard"
)

func (a *app) guardReplayCommand() *cobra.Command {
	f := &guardFlags{}
	var at string
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Judge a saved report anew, by its evidence alone",
		Long: `Read a report that zbsctl guard -o json wrote (- for stdin), and judge its
evidence anew. The exit code is that of the check. A report that was changed, or
that is too old to be acted on, proves nothing any more (exit code 4). No MDS is
asked.`,
		Example: `  zbsctl guard replay report.json
  zbsctl guard replay report.json --at 2026-11-23T10:00:00Z --explain`,
		Args: cobra.ExactArgs(1),
	}
	f.out = outputFlag(cmd)
	cmd.Flags().StringVar(&at, "at", "", "judge as of this time (default: now)")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show the rules, and which of them are not kept")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.guardReplay(args[0], at, f) }
	return cmd
}

func (a *app) guardReplay(name, at string, f *guardFlags) error {
	when := time.Now()
	if at != "" {
		if err := when.UnmarshalText([]byte(at)); err != nil {
			return usagef("--at %q: want a time such as 2026-11-23T10:00:00Z", at)
		}
	}
	saved, err := a.readReport(name)
	if err != nil {
		return err
	}
	report, err := guard.Replay(saved, when)
	if errors.Is(err, guard.ErrReportExpired) { // what it said is still worth reading
		report, _ = guard.Replay(saved, saved.ObservedAt)
	}
	if report.Schema == "" {
		return err
	}
	if told := a.tell(report, err, f); told != nil {
		return told
	}
	if errors.Is(err, guard.ErrReportExpired) {
		return err
	}
	return nil
}

func (a *app) readReport(name string) (report guard.Report, err error) {
	data, err := a.readFile(name)
	if err != nil {
		return report, &usageError{err}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return report, usagef("%s: no report of zbsctl guard: %w", name, err)
	}
	return report, nil
}

func (a *app) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.stdin)
	}
	return os.ReadFile(name)
}
