package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// replayFlags say what a saved report is read for.
type replayFlags struct {
	hosts   []string // on which the reader wants to open the volume
	at      string
	explain bool
	out     *format
}

// guardReplayCommand returns zbsctl guard replay.
func guardReplayCommand(env *environment) *cobra.Command {
	f := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "replay FILE [PATH] [--host HOST]",
		Short: "Evaluate a saved report again, by its evidence alone",
		Long: `Read a report that zbsctl guard -o json wrote (- for stdin), and evaluate its
evidence again. No MDS is asked.

The exit code is 0 when the report says free, has not expired, is about PATH, and
allows no host but those of --host. It is 4 when a report says free and is about
another volume, allows another host, has expired or was changed, and when PATH is
missing. If the report does not say free, the exit code is that of the check.

The digest of a report detects accidental changes. It is no signature: a program
that can write the file can write any report. Read only files that you trust.`,
		Example: `  zbsctl guard replay report.json zbs://pool/volume --host kvm-2
  zbsctl guard replay report.json zbs://pool/volume --at 2026-11-23T10:00:00Z`,
		Args: cobra.RangeArgs(1, 2),
	}
	f.out = outputFlag(cmd)
	cmd.Flags().StringArrayVar(&f.hosts, "host", nil, "host that is to open the volume, by name or address; may be repeated")
	cmd.Flags().StringVar(&f.at, "at", "", "evaluate as of this time, which says nothing about now (default: now)")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show the rules, which are not kept, and every host")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		free := &freeReports{env: env}
		if err := replay(env, free, args, f); err != nil {
			return err
		}
		free.recheck()
		return nil
	}
	return cmd
}

// replay evaluates the evidence of a saved report again.
func replay(env *environment, free *freeReports, args []string, f *replayFlags) error {
	when := time.Now()
	if f.at != "" {
		if err := when.UnmarshalText([]byte(f.at)); err != nil {
			return usagef("--at %q: want a time such as 2026-11-23T10:00:00Z", f.at)
		}
	}
	var wanted zbs.Path
	if len(args) == 2 {
		var err error
		if wanted, err = parseVolume(args[1]); err != nil {
			return err
		}
	}
	saved, err := readReport(env, args[0])
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
	return showReplayed(env, free, report, err, wanted, f, when)
}

// showReplayed prints the report, and returns an error when it does not answer what
// its reader asks.
func showReplayed(env *environment, free *freeReports, r guard.Report, err error, wanted zbs.Path, f *replayFlags, when time.Time) error {
	mismatch := answers(r, wanted, f.hosts)
	v := guardreport.View{Explain: f.explain, Wide: *f.out == formatWide, Expired: func() bool { return r.ExpiredAt(when) }, Mismatch: mismatch}
	if f.at != "" {
		v.AsOf = when
	}
	if err := showReport(env, *f.out, r, v); err != nil {
		return err
	}
	env.note("the digest shows changes by accident; it is no signature, so trust the report as far as its file")
	if errors.Is(err, guard.ErrReportExpired) {
		return err
	}
	env.exitWith(exitCode(err))
	if r.Verdict != guard.Free {
		return nil
	}
	if mismatch != nil {
		return mismatch
	}
	if f.at == "" {
		free.add(r, *f.out)
	}
	return nil
}

// answers returns nil when a free report allows the hosts to open the volume, and else
// why it does not.
func answers(r guard.Report, wanted zbs.Path, hosts []string) error {
	switch {
	case wanted == (zbs.Path{}):
		return fmt.Errorf("%w: it is about %s; name the volume that you want to open behind the file", errAnotherQuestion, r.Volume)
	case wanted != r.Volume:
		return fmt.Errorf("%w: it is about %s, and not about %s", errAnotherQuestion, r.Volume, wanted)
	}
	named := make(map[string]bool)
	for _, host := range hosts {
		i, ok := r.Evidence.Hosts.Find(host)
		if !ok {
			return fmt.Errorf("%w: %q is no host of its inventory", errAnotherQuestion, host)
		}
		named[r.Evidence.Hosts.At(i).Name] = true
	}
	var others []string
	for _, allowed := range r.Allowed {
		if !named[allowed] {
			others = append(others, allowed)
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("%w: it allows %s to have the volume open; give --host if the volume is to be opened there", errAnotherQuestion, strings.Join(others, ", "))
	}
	return nil
}

// readReport reads a report in JSON, from stdin when the name is -.
func readReport(env *environment, name string) (report guard.Report, err error) {
	data, err := readFile(env, name)
	if err != nil {
		return report, &usageError{err}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return report, usagef("%s: no report of zbsctl guard: %w", name, err)
	}
	return report, nil
}

func readFile(env *environment, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(env.stdin)
	}
	return os.ReadFile(name)
}
