package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

// What an error exits with as that of a question and of a change, and what the
// user is told to try.
func TestExitCodesAndRemedies(t *testing.T) {
	path := zbs.Path{Pool: "p", Volume: "v"}
	inUse := &guard.InUseError{Path: path, Holders: []guard.Holder{{Host: "10.0.0.5"}}}
	refusal := callErrorOf(t, fakemds.AgentError("no leader"), zbs.DeleteVolume{Path: cbdPath})
	down := callErrorOf(t, fakemds.Refuse, zbs.DeleteVolume{Path: cbdPath})
	lost := callErrorOf(t, fakemds.Reset.On("volume/delete"), zbs.DeleteVolume{Path: cbdPath})
	silent := callErrorOf(t, fakemds.CallbackLost, zbs.QueryVolume{Path: cbdPath})
	wrong := callErrorOf(t, fakemds.Status(404), zbs.QueryVolume{Path: cbdPath})
	vhost := zbs.HostAccess{IP: "10.0.0.5"}
	full := zbs.HostAccess{IP: "10.0.0.5", Port: 22, Username: "root", Password: "pw"}
	snapshot := cbdPath
	snapshot.Snapshot = "s"
	noDeploy := callErrorAt(t, fakemds.G10, zbs.DeployVhost{Host: full})
	noCheck := callErrorAt(t, fakemds.G9, zbs.CheckVhost{Host: vhost})
	noAccess := callErrorAt(t, fakemds.G8, zbs.DeleteBdev{Host: vhost, Bdev: "b"})
	noPool := callErrorAt(t, fakemds.G8, zbs.CopySnapshot{Path: snapshot, DstVolume: "v", DstPool: "other"})
	noUsage := callErrorAt(t, fakemds.G8, zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}})
	notUp := callErrorOf(t, fakemds.AgentError("not ready").On("vhost/check"), zbs.CheckVhost{Host: vhost}, fakemds.G10)
	for name, row := range map[string]struct {
		err    error
		code   int
		change int // 0: the same
		try    string
	}{
		"done":                  {nil, exitDone, 0, ""},
		"something":             {errors.New("x"), exitFailed, 0, ""},
		"usage":                 {usagef("x"), exitUsage, 0, ""},
		"no MDS":                {mds.ErrNoCandidates, exitUsage, 0, "name the MDS"},
		"bad path":              {zbs.ErrInvalidPath, exitUsage, 0, "write a volume as zbs://"},
		"bad name":              {zbs.ErrInvalidName, exitUsage, 0, "use a name of A-Z"},
		"bad address":           {zbs.ErrInvalidAddr, exitUsage, 0, "write an MDS as"},
		"bad command":           {zbs.ErrInvalidCommand, exitUsage, 0, ""},
		"bad option":            {mds.ErrInvalidOption, exitUsage, 0, ""},
		"snapshot's name":       {volume.ErrSnapshotName, exitUsage, 0, "name it by a UUID without dashes, or give --any-name"},
		"no pool":               {fmt.Errorf("%w: %w", volume.ErrNotFound, zbs.ErrUnknownPool), exitFailed, 0, "compare the pool's name"},
		"no volume":             {fmt.Errorf("%w: %w", volume.ErrNotFound, refusal), exitFailed, 0, "compare the volume's name"},
		"exists":                {fmt.Errorf("%w: %w", volume.ErrExists, refusal), exitFailed, 0, "choose another name"},
		"exists, seen":          {volume.ErrExists, exitFailed, 0, "choose another name"},
		"other size":            {volume.ErrSizeDiffers, exitFailed, 0, "look at its size"},
		"in use":                {inUse, exitInUse, 0, "close it where it is open, or wait"},
		"not released":          {fmt.Errorf("%w: %w", volume.ErrNotReleased, inUse), exitInUse, 0, "close it where it is open, or wait longer"},
		"not released, gate":    {volume.ErrNotReleased, exitInUse, 0, "close it where it is open, or wait longer"},
		"not released, unseen":  {fmt.Errorf("%w: %w", volume.ErrNotReleased, volume.ErrUndetermined), exitCannotTell, 0, "see which MDS serve and are synced"},
		"not as asked":          {fmt.Errorf("%w: port 0", volume.ErrNotAsAsked), exitCannotTell, 0, "look whether it has happened"},
		"no guard":              {volume.ErrNoGuard, exitFailed, 0, ""},
		"report expired":        {fmt.Errorf("%w: %w", volume.ErrUndetermined, guard.ErrReportExpired), exitCannotTell, 0, "check again"},
		"report changed":        {fmt.Errorf("%w: %w", volume.ErrUndetermined, guard.ErrReportTampered), exitCannotTell, 0, "check again"},
		"report's schema":       {fmt.Errorf("%w: %w", volume.ErrUndetermined, guard.ErrReportSchema), exitCannotTell, 0, "read it with"},
		"undetermined":          {fmt.Errorf("%w: %w", volume.ErrUndetermined, refusal), exitCannotTell, 0, "see which MDS serve and are synced"},
		"not done":              {&volume.NotDoneError{Cause: lost}, exitFailed, 0, "repeat it"},
		"snapshot kept":         {fmt.Errorf("x: %w", volume.ErrSnapshotKept), exitFailed, 0, "delete its clones"},
		"no vhost to deploy":    {noDeploy, exitCannotTell, exitFailed, "see whether vhost is ready"},
		"no vhost to check":     {noCheck, exitCannotTell, exitFailed, "look on the host for the container"},
		"vhost not ready":       {notUp, exitCannotTell, exitFailed, "see on the host whether the container"},
		"no access":             {noAccess, exitCannotTell, exitFailed, "give the password of a user on the host"},
		"another pool":          {noPool, exitCannotTell, exitFailed, "copy within the pool of the snapshot"},
		"unsupported":           {noUsage, exitCannotTell, exitFailed, "see of which generation the agents are"},
		"ambiguous":             {lost, exitCannotTell, 0, "look whether it has happened"},
		"refused":               {refusal, exitCannotTell, exitFailed, "read the agent's reason"},
		"nobody answers":        {down, exitCannotTell, 0, "see which MDS serve with"},
		"no callback":           {silent, exitCannotTell, 0, "check that the agents can reach this host"},
		"old agent":             {mds.ErrAgentTooOld, exitFailed, 0, "see what each agent is with"},
		"no such endpoint":      {wrong, exitCannotTell, exitFailed, "see what each agent is with"},
		"interrupted":           {context.Canceled, exitFailed, 0, ""},
		"no inventory":          {guard.Report{Reasons: []guard.Reason{{Code: proof.NoInventory}}}.Err(nil), exitCannotTell, 0, "name every host with --hosts-file"},
		"a host unproved":       {guard.Report{Reasons: []guard.Reason{{Code: proof.HostIdle}}}.Err(nil), exitCannotTell, 0, "see what accounts for each host"},
		"inventory unreachable": {fmt.Errorf("%w: %w", volume.ErrUndetermined, guardconfig.ErrUnreachable), exitCannotTell, 0, "see that ZStack's database answers"},
		"another question":      {errAnotherQuestion, exitCannotTell, 0, "check again: zbsctl guard PATH --host"},
	} {
		t.Run(name, func(t *testing.T) {
			want := row.change
			if want == 0 {
				want = row.code
			}
			if got, change := exitCode(row.err), changeCode(row.err); got != row.code || change != want {
				t.Errorf("exits with %d, as a change with %d; want %d, %d", got, change, row.code, want)
			}
			if got := remedy(row.err); row.try == "" && got != "" || len(got) < len(row.try) || got[:len(row.try)] != row.try {
				t.Errorf("try %q, want %q", got, row.try)
			}
		})
	}
}

var cbdPath = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "p", Volume: "v"}}

// callErrorAt returns the error of a call to an MDS of the generation, which cannot do it.
func callErrorAt[R any](t *testing.T, g fakemds.Generation, command zbs.Command[R]) *mds.CallError {
	t.Helper()
	return callErrorOf(t, fakemds.CallbackTwice, command, g)
}

// callErrorOf returns the error of a call to an MDS with the fault.
func callErrorOf[R any](t *testing.T, fault fakemds.Fault, command zbs.Command[R], of ...fakemds.Generation) *mds.CallError {
	t.Helper()
	cluster := fakemds.NewCluster(t, 1, fakemds.Generations(of...))
	cluster.Node(0).Inject(fault)
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext),
		mds.WithCallbackListener(listener), mds.WithAttemptTimeout(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caller.Close() })
	_, err = mds.Call(t.Context(), caller, command)
	failed, ok := errors.AsType[*mds.CallError](err)
	if !ok {
		t.Fatalf("%v is no CallError", err)
	}
	return failed
}
