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

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// replayFlags are what a saved report is read for.
type replayFlags struct {
	hosts   []string // where the reader wants to open the volume
	at      string
	explain bool
	out     *format
}

func (a *app) guardReplayCommand() *cobra.Command {
	f := &replayFlags{}
	cmd := &cobra.Command{
		Use:   "replay FILE [PATH] [--host HOST]",
		Short: "Judge a saved report anew, by its evidence alone",
		Long: `Read a report that zbsctl guard -o json wrote (- for stdin), and judge its
evidence anew. No MDS is asked.

Exit code 0 means: the report says free, has not expired, is about PATH, and
every host that it allows is one of --host. A report that says free and is about
something else, or has expired, or was changed, proves nothing for the reader
(exit code 4). Without PATH nothing says what it is read for (exit code 4, too).
For a report that says otherwise the exit code is that of the check.

The digest of a report shows that it was changed by accident. It is no
signature: a program that can write the file can write any report. Read only
files that you trust.`,
		Example: `  zbsctl guard replay report.json zbs://pool/volume --host kvm-2
  zbsctl guard replay report.json zbs://pool/volume --at 2026-11-23T10:00:00Z`,
		Args: cobra.RangeArgs(1, 2),
	}
	f.out = outputFlag(cmd)
	cmd.Flags().StringArrayVar(&f.hosts, "host", nil, "host that is to open the volume, by name or address; may be repeated")
	cmd.Flags().StringVar(&f.at, "at", "", "judge as of this time, which says nothing of now (default: now)")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show the rules, which are not kept, and every host")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.guardReplay(args, f) }
	return cmd
}

func (a *app) guardReplay(args []string, f *replayFlags) error {
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
	saved, err := a.readReport(args[0])
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
	return a.tellReplayed(report, err, wanted, f, when)
}

// tellReplayed prints the report, and whether it answers what its reader asks.
func (a *app) tellReplayed(r guard.Report, err error, wanted zbs.Path, f *replayFlags, when time.Time) error {
	v := view{explain: f.explain, wide: *f.out == formatWide, expired: func() bool { return r.ExpiredAt(when) }}
	if f.at != "" {
		v.asOf = when
	}
	mismatch := answers(r, wanted, f.hosts)
	v.otherwise = mismatch
	if f.out.machine() {
		if err := encode(a.stdout, *f.out, r); err != nil {
			return err
		}
	} else {
		a.printReport(r, v)
	}
	fmt.Fprintf(a.stderr, "%s the digest shows changes by accident; it is no signature, so trust the report as far as its file\n", a.errStyle(yellow, "note:"))
	if errors.Is(err, guard.ErrReportExpired) {
		return err
	}
	a.code = max(a.code, exitCode(err))
	if r.Verdict != guard.Free {
		return nil
	}
	if mismatch != nil {
		return mismatch
	}
	if f.at == "" {
		a.toldFree(r, *f.out)
	}
	return nil
}

// errAnotherQuestion: a report says free, and not of what its reader wants.
var errAnotherQuestion = fmt.Errorf("%w: the report answers another question", guard.ErrUndetermined)

// answers returns why a report that says free does not allow the hosts to open the
// volume.
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
