package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// guardFile checks every volume of a file and prints each as it is known.
func (a *app) guardFile(ctx context.Context, f *guardFlags) error {
	paths, err := a.readPaths(f.fromFile)
	if err != nil {
		return err
	}
	a.progress = a.newProgress()
	return a.withGuard(ctx, func(c cluster) error {
		counts := make(map[guard.Verdict]int)
		done := 0
		stop := a.progress.during(fmt.Sprintf("check %d volumes", len(paths)))
		for report, err := range c.guard.CheckAll(ctx, slices.Values(paths)) {
			counts[report.Verdict]++
			done++
			a.code = max(a.code, exitCode(err))
			stop()
			if err := a.tellOne(report, *f.out); err != nil {
				return err
			}
			stop = a.progress.during(fmt.Sprintf("checked %d of %d volumes", done, len(paths)))
		}
		stop()
		fmt.Fprintf(a.stderr, "%d volumes: %d free, %d in use, %d cannot tell\n",
			len(paths), counts[guard.Free], counts[guard.InUse], counts[guard.Unknown])
		return nil
	})
}

// tellOne prints a line, or a document: in JSON one per line.
func (a *app) tellOne(r guard.Report, out format) error {
	free := r.Verdict == guard.Free
	if free {
		a.toldFree(r, out)
	}
	switch out {
	case formatJSON:
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	case formatYAML:
		fmt.Fprintln(a.stdout, "---")
		return encode(a.stdout, out, r)
	}
	verdict := verdictCell(r.Verdict)
	if free && r.Expired() {
		verdict = cell{"EXPIRED", red}
	}
	a.tellLine(verdict, r)
	if free && verdict.text != "EXPIRED" && r.Expired() { // the output was blocked
		a.tellLine(cell{"EXPIRED", red}, r)
	}
	return nil
}

func (a *app) tellLine(verdict cell, r guard.Report) {
	line := fmt.Sprintf("%s  %s  %s", paint(a.coloured(a.stdout), verdict.style, fmt.Sprintf("%-11s", verdict.text)), r.Volume, inShort(r))
	fmt.Fprintln(a.stdout, strings.TrimRight(line, " "))
}

// readPaths reads one path per line; empty lines and those that begin with # are
// skipped. An error names the line.
func (a *app) readPaths(name string) (paths []zbs.Path, err error) {
	var r io.Reader = a.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef("--from-file: %w", err)
		}
		defer file.Close()
		r = file
	}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		path, err := parseVolume(text)
		if err != nil {
			return nil, usagef("%s:%d: %w", name, n, err)
		}
		paths = append(paths, path)
	}
	if err := lines.Err(); err != nil {
		return nil, usagef("%s: %w", name, err)
	}
	if len(paths) == 0 {
		return nil, usagef("%s: it names no volume", name)
	}
	return paths, nil
}
