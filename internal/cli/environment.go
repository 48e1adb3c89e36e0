package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/zbs"
)

// environment is what a run of zbsctl gets from its process: arguments, environment
// variables and streams. It prints errors and collects the exit code. It makes no
// calls to MDS.
type environment struct {
	args   []string
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer // for data
	stderr io.Writer // for people
	code   int       // exit code of a command that prints its errors itself
}

// exitWith sets the exit code, unless it is larger already.
func (e *environment) exitWith(code int) { e.code = max(e.code, code) }

// failed prints the error of one answer among several, and counts its exit code.
func (e *environment) failed(err error) {
	e.printError(err)
	e.exitWith(exitCode(err))
}

// printError prints what is wrong, and what to do about it.
func (e *environment) printError(err error) {
	fmt.Fprintf(e.stderr, "%s %s\n", e.errStyle(term.Red, "error:"), e.scrub(err.Error()))
	if try := remedy(err); try != "" {
		fmt.Fprintf(e.stderr, "%s   %s\n", e.errStyle(term.Bold, "try:"), try)
	}
}

// note prints a remark for people.
func (e *environment) note(format string, args ...any) {
	fmt.Fprintf(e.stderr, "%s %s\n", e.errStyle(term.Yellow, "note:"), fmt.Sprintf(format, args...))
}

// scrub masks credentials in a text. An error may quote an argument, and the
// argument may be an MDS URL with a password that was typed in the wrong place.
func (e *environment) scrub(text string) string {
	for _, arg := range e.args {
		if !strings.Contains(arg, "@") || strings.HasPrefix(arg, "zbs://") || strings.HasPrefix(arg, "cbd:") {
			continue
		}
		quoted := strconv.Quote(arg)
		for _, form := range []string{arg, quoted[1 : len(quoted)-1]} {
			text = strings.ReplaceAll(text, form, zbs.RedactAddr(form))
		}
	}
	return text
}

// show prints the document for programs, or the table for people.
func (e *environment) show(out format, document any, t *term.Table) error {
	if out.machine() {
		return encode(e.stdout, out, document)
	}
	e.printTable(t)
	return nil
}

func (e *environment) printTable(t *term.Table) { t.Print(e.stdout, e.coloured(e.stdout)) }

// layout returns the layout of text on stdout.
func (e *environment) layout() term.Layout { return term.NewLayout(e.stdout, e.coloured(e.stdout)) }

// coloured reports whether w is a terminal that shows colours (no-color.org).
func (e *environment) coloured(w io.Writer) bool {
	_, ok := term.FD(w)
	return ok && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}

// outStyle and errStyle style a text that goes to stdout or stderr.
func (e *environment) outStyle(s term.Style, text string) string {
	return term.Paint(e.coloured(e.stdout), s, text)
}
func (e *environment) errStyle(s term.Style, text string) string {
	return term.Paint(e.coloured(e.stderr), s, text)
}
