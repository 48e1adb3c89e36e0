package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

// Exit codes, the same for every command and output format.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitInUse      = 3
	exitCannotTell = 4
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: fmt.Sprintf(`Exit codes, the same for every command and output format:

  %d  done
  %d  failed
  %d  wrong usage: flag, argument, path, address or configuration; nothing was sent
  %d  the volume is in use (reserved for commands that judge)
  %d  cannot tell: no MDS answered, or a change may have run`,
			exitDone, exitFailed, exitUsage, exitInUse, exitCannotTell),
	}
}

// usageError is a mistake in what the user typed or configured.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exitCode returns the code for an error, nil included.
func exitCode(err error) int {
	var usage *usageError
	var walk *mds.WalkError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), errors.Is(err, zbs.ErrInvalidPath), errors.Is(err, zbs.ErrInvalidName),
		errors.Is(err, zbs.ErrInvalidAddr), errors.Is(err, mds.ErrInvalidOption):
		return exitUsage
	case errors.Is(err, volume.ErrNotFound):
		return exitFailed
	case errors.As(err, &walk):
		return exitCannotTell
	default:
		return exitFailed
	}
}

// remedy returns what the user can do about an error, "" when there is nothing
// to say beyond the error.
func remedy(err error) string {
	status, _ := errors.AsType[*mds.StatusError](err)
	_, denied := errors.AsType[*zbs.AgentError](err)
	switch {
	case errors.Is(err, mds.ErrNoCandidates):
		return "name the MDS with --mds, ZBS_MDS or a context (zbsctl help config)"
	case errors.Is(err, zbs.ErrUnknownPool):
		return "compare the pool's name with those of: zbsctl pool list"
	case errors.Is(err, volume.ErrNotFound):
		return "compare the volume's name with what ZStack has"
	case errors.Is(err, zbs.ErrInvalidPath), errors.Is(err, zbs.ErrInvalidName):
		return "write the volume as zbs://POOL/VOLUME"
	case errors.Is(err, zbs.ErrInvalidAddr):
		return "write an MDS as host, host:port, http://host:port/root or user:password@host"
	case errors.Is(err, mds.ErrAmbiguous):
		return "look whether it has happened before you repeat it"
	case errors.Is(err, mds.ErrOldAgent), status != nil && status.Status == 404:
		return "check that the agents are newer than 5.4.0, and that the root path is right"
	case denied:
		return "read the agent's reason; its log on the MDS has more"
	case waitedForCallback(err):
		return "check that the agents can reach this host: they post results back to it (--callback-listen, --callback-url)"
	case errors.Is(err, mds.ErrAllFailed):
		return "see which MDS serve with: zbsctl mds status"
	default:
		return ""
	}
}

// waitedForCallback reports whether an agent took a request and never posted
// its result.
func waitedForCallback(err error) bool {
	walk, ok := errors.AsType[*mds.WalkError](err)
	return ok && slices.ContainsFunc(walk.Attempts, func(a mds.Attempt) bool { return a.Phase == mds.PhaseCallback })
}

// printError tells the user what is wrong, and what to do.
func (a *app) printError(err error) {
	fmt.Fprintf(a.stderr, "%s %s\n", a.errStyle(red, "error:"), a.scrub(err.Error()))
	if try := remedy(err); try != "" {
		fmt.Fprintf(a.stderr, "%s   %s\n", a.errStyle(bold, "try:"), try)
	}
}

// scrub masks in a text what may be the credentials of an MDS URL among the
// arguments, such as one typed where a volume was wanted: errors quote those.
func (a *app) scrub(text string) string {
	for _, arg := range a.args {
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
