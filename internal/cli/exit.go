package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
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
  %d  failed: it does not exist, exists already, was refused or provably not done
  %d  wrong usage: flag, argument, path, address or configuration; nothing was sent
  %d  the volume is in use, or was not released in time; it was not changed
  %d  cannot tell: no MDS answered, nobody knows whether the volume is in use, or a
     change may have run or run yet

A command for several volumes exits with the largest of their codes.`,
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
		errors.Is(err, zbs.ErrInvalidAddr), errors.Is(err, zbs.ErrInvalidCommand), errors.Is(err, mds.ErrInvalidOption),
		errors.Is(err, mds.ErrNoCandidates):
		return exitUsage
	case errors.Is(err, volume.ErrInUse):
		return exitInUse
	case errors.Is(err, mds.ErrAmbiguous), errors.Is(err, volume.ErrUndetermined):
		return exitCannotTell
	case errors.Is(err, volume.ErrNotReleased):
		return exitInUse
	case errors.Is(err, volume.ErrNotFound), errors.Is(err, volume.ErrExists):
		return exitFailed
	case errors.As(err, &walk):
		return exitCannotTell
	default:
		return exitFailed
	}
}

// changeCode is exitCode for a change: an agent that said no, or that cannot do it,
// leaves no doubt that the change has not run, while to a question it leaves the
// answer open.
func changeCode(err error) int {
	code := exitCode(err)
	if code == exitCannotTell && (as[*zbs.AgentError](err) || unfit(err)) && !errors.Is(err, mds.ErrAmbiguous) && !errors.Is(err, volume.ErrUndetermined) {
		return exitFailed
	}
	return code
}

// unfit reports whether an agent cannot do what was asked, so that nothing was sent
// to it.
func unfit(err error) bool {
	return errors.Is(err, zbs.ErrUnsupported) || errors.Is(err, zbs.ErrHostAccess) || errors.Is(err, zbs.ErrAgentTooOld)
}

// remedies are what the user can do about an error; the first that matches is
// told.
var remedies = []struct {
	matches func(error) bool
	try     string
}{
	{is(mds.ErrNoCandidates), "name the MDS with --mds, ZBS_MDS or a context (zbsctl help config)"},
	{is(guardconfig.ErrUnreachable), "see that ZStack's database answers, or name the hosts with --hosts-file"},
	{is(guard.ErrReportExpired), "check again: zbsctl guard PATH; to read an old report give --at"},
	{is(guard.ErrReportTampered), "check again: zbsctl guard PATH; a report must stay as it was written"},
	{is(guard.ErrReportSchema), "read it with the zbsctl that wrote it"},
	{is(errAnotherQuestion), "check again: zbsctl guard PATH --host HOST"},
	{lacks(proof.NoInventory), "name every host with --hosts-file, or in the context (zbsctl help config)"},
	{lacks(proof.HostUnproved, proof.HostIdle, proof.HostLost, proof.SelfFencingPending, proof.InventoryIncomplete, proof.NamedOpen, proof.FenceOld), "see what accounts for each host with: zbsctl guard PATH"},
	{is(volume.ErrUndetermined), "see which MDS serve and are synced with: zbsctl mds status"},
	{is(zbs.ErrUnknownPool), "compare the pool's name with those of: zbsctl pool list"},
	{is(volume.ErrNotFound), "compare the volume's name with what ZStack has"},
	{is(volume.ErrSnapshotName), "name it by a UUID without dashes, or give --any-name when no other snapshot's name contains this one"},
	{is(zbs.ErrInvalidPath), "write a volume as zbs://POOL/VOLUME, a snapshot as zbs://POOL/VOLUME@SNAPSHOT"},
	{is(zbs.ErrInvalidName), "use a name of A-Z a-z 0-9 . _ - that starts with a letter, a digit or _"},
	{is(zbs.ErrInvalidAddr), "write an MDS as host, host:port, http://host:port/root or user:password@host"},
	{is(volume.ErrExists), "choose another name; create takes what is there with --skip-existing"},
	{is(volume.ErrSizeDiffers), "look at its size with: zbsctl volume query; a volume can grow and never shrink"},
	{is(volume.ErrNotReleased), "close it where it is open, or wait longer with --wait"},
	{is(volume.ErrInUse), "close it where it is open, or wait until that is done with --wait 5m"},
	{is(mds.ErrAmbiguous), "look whether it has happened before you repeat it"},
	{is(volume.ErrSnapshotKept), "delete its clones, or make them independent with: zbsctl volume flatten; then delete it again"},
	{is(volume.ErrNotDone), "repeat it: it has not happened, and nobody is at work on it"},
	{is(zbs.ErrHostAccess), "give the password of a user on the host with --password-file"},
	{lacking(zbs.EndpointVhostDeploy, zbs.EndpointVhostDestroy), "see whether vhost is ready with: zbsctl vhost check IP; since G10 ZStone deploys it"},
	{lacking(zbs.EndpointVhostCheck, zbs.EndpointVhostHealth), "look on the host for the container zbsvhost-IP; agents since G10 can tell"},
	{lacking(zbs.EndpointCopy), "copy within the pool of the snapshot, or upgrade ZStack there: agents since G9 copy into another pool"},
	{is(zbs.ErrUnsupported), "see of which generation the agents are with: zbsctl mds status"},
	{oldAgent, "see what each agent is with: zbsctl mds status; a wrong root path looks the same"},
	{notReady, "see on the host whether the container zbsvhost-IP runs; ZStone deploys it"},
	{as[*zbs.AgentError], "read the agent's reason; its log on the MDS has more"},
	{waitedForCallback, "check that the agents can reach this host: they post results back to it (--callback-listen, --callback-url)"},
	{is(mds.ErrAllFailed), "see which MDS serve with: zbsctl mds status"},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// lacks matches a check that came to nothing for one of these reasons.
func lacks(codes ...guard.Code) func(error) bool {
	return func(err error) bool {
		undetermined, ok := errors.AsType[*guard.UndeterminedError](err)
		return ok && slices.ContainsFunc(undetermined.Reasons, func(r guard.Reason) bool { return slices.Contains(codes, r.Code) })
	}
}

// lacking matches a call for one of the endpoints at agents that cannot do it.
func lacking(endpoints ...zbs.Endpoint) func(error) bool {
	return func(err error) bool {
		walk, ok := errors.AsType[*mds.WalkError](err)
		return ok && errors.Is(err, zbs.ErrUnsupported) && slices.ContainsFunc(endpoints, func(e zbs.Endpoint) bool { return e.Name == walk.Op })
	}
}

// notReady matches an agent's word that the vhost target of a host is not ready.
func notReady(err error) bool {
	walk, ok := errors.AsType[*mds.WalkError](err)
	return ok && walk.Op == zbs.EndpointVhostCheck.Name && as[*zbs.AgentError](err)
}

func oldAgent(err error) bool {
	status, ok := errors.AsType[*mds.StatusError](err)
	return errors.Is(err, mds.ErrAgentTooOld) || ok && status.Status == 404
}

// remedy returns what the user can do about an error, "" when there is nothing
// to say beyond the error.
func remedy(err error) string {
	for _, r := range remedies {
		if r.matches(err) {
			return r.try
		}
	}
	return ""
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
