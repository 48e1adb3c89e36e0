package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/guardreport"
	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// checkFile checks every volume of a file, and prints each report as soon as it is
// there.
func checkFile(ctx context.Context, env *environment, to *target, free *freeReports, f *checkFlags) error {
	paths, err := readPaths(env, f.fromFile)
	if err != nil {
		return err
	}
	return to.withGuard(ctx, f.guardFlags, func(c cluster) error {
		counts := make(map[guard.Verdict]int)
		done := 0
		stop := c.progress.during(fmt.Sprintf("check %d volumes", len(paths)))
		for report, err := range c.guard.CheckAll(ctx, slices.Values(paths)) {
			counts[report.Verdict]++
			done++
			env.exitWith(exitCode(err))
			stop()
			if err := showOneOfMany(env, free, report, *f.out); err != nil {
				return err
			}
			stop = c.progress.during(fmt.Sprintf("checked %d of %d volumes", done, len(paths)))
		}
		stop()
		fmt.Fprintf(env.stderr, "%d volumes: %d free, %d in use, %d cannot tell\n",
			len(paths), counts[guard.Free], counts[guard.InUse], counts[guard.Unknown])
		return nil
	})
}

// showOneOfMany prints a report as one line: text, or the whole document in JSON. In
// YAML it prints a document of several lines.
func showOneOfMany(env *environment, free *freeReports, r guard.Report, out format) error {
	isFree := r.Verdict == guard.Free
	if isFree {
		free.add(r, out)
	}
	switch out {
	case formatJSON:
		e := json.NewEncoder(env.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	case formatYAML:
		fmt.Fprintln(env.stdout, "---")
		return encode(env.stdout, out, r)
	case formatTable, formatWide: // the line below
	}
	if isFree && r.Expired() {
		printLine(env, term.Red.Cell("EXPIRED"), r)
		return nil
	}
	printLine(env, guardreport.VerdictCell(r.Verdict), r)
	if isFree && r.Expired() { // the output was blocked
		printLine(env, term.Red.Cell("EXPIRED"), r)
	}
	return nil
}

func printLine(env *environment, verdict term.Cell, r guard.Report) {
	line := fmt.Sprintf("%s  %s  %s", env.outStyle(verdict.Style, fmt.Sprintf("%-11s", verdict.Text)), r.Volume, guardreport.InShort(r))
	fmt.Fprintln(env.stdout, strings.TrimRight(line, " "))
}
