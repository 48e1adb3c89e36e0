package cli

import (
	"errors"
	"slices"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

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

// remedies are what the user can do about an error. The first that matches counts.
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

// lacks matches a check that stayed undetermined for one of these reasons.
func lacks(codes ...guard.Code) func(error) bool {
	return func(err error) bool {
		undetermined, ok := errors.AsType[*guard.UndeterminedError](err)
		return ok && slices.ContainsFunc(undetermined.Reasons, func(r guard.Reason) bool { return slices.Contains(codes, r.Code) })
	}
}

// lacking matches a call of one of the endpoints when no agent supports it.
func lacking(endpoints ...zbs.Endpoint) func(error) bool {
	return func(err error) bool {
		call, ok := errors.AsType[*mds.CallError](err)
		return ok && errors.Is(err, zbs.ErrUnsupported) && slices.ContainsFunc(endpoints, func(e zbs.Endpoint) bool { return e.Name == call.Op })
	}
}

// notReady matches an agent's answer that the vhost target of a host is not ready.
func notReady(err error) bool {
	call, ok := errors.AsType[*mds.CallError](err)
	return ok && call.Op == zbs.EndpointVhostCheck.Name && as[*zbs.AgentError](err)
}

// oldAgent matches an agent that is too old, or lacks an endpoint as old ones do.
func oldAgent(err error) bool {
	status, ok := errors.AsType[*mds.StatusError](err)
	return errors.Is(err, mds.ErrAgentTooOld) || ok && status.Status == 404
}

// waitedForCallback matches a call in which an agent accepted a request and never
// posted its result.
func waitedForCallback(err error) bool {
	call, ok := errors.AsType[*mds.CallError](err)
	return ok && slices.ContainsFunc(call.Attempts, func(a mds.Attempt) bool { return a.Phase == mds.PhaseCallback })
}
