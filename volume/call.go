package volume

import (
	"context"
	"math"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Bounds of each attempt at one MDS, unless mds.Timeout is given.
const (
	// ClientsTimeout is for a read, unless the Caller's attempt timeout is shorter.
	// ZStack gives its query for clients as long.
	ClientsTimeout = 30 * time.Second
	// ChangeTimeout is for a change that an agent makes at once: create, expand,
	// clone, snapshots, rollback, exports.
	ChangeTimeout = time.Minute
	// DeleteTimeout is for deleting a volume: an agent tries for about 153 s
	// before it says that the volume is busy.
	DeleteTimeout = 180 * time.Second
	// CheckTimeout is for CheckVhost: an agent logs in to the host, and looks for
	// 20 s.
	CheckTimeout = time.Minute
	// SetupTimeout is for installing software on a host.
	SetupTimeout = 10 * time.Minute
	// Unbounded is for copy and flatten, which take as long as the data: only the
	// caller's context ends them.
	Unbounded time.Duration = math.MaxInt64
)

// readOptions returns the defaults of a read, the user's opts, and what this
// package needs, in that order: a later option overrides an earlier one.
func readOptions(caller *mds.Caller, opts []mds.CallOption, own ...mds.CallOption) []mds.CallOption {
	all := []mds.CallOption{mds.TryNext(), mds.Timeout(min(ClientsTimeout, caller.AttemptTimeout()))}
	return append(append(all, opts...), own...)
}

// send makes a change, with the user's opts behind our defaults.
func send[R any](ctx context.Context, caller *mds.Caller, path zbs.Path, command zbs.Command[R], timeout time.Duration, opts []mds.CallOption) (R, error) {
	all := []mds.CallOption{mds.TryNext(), mds.Timeout(timeout), mds.RouteKey(path.String())}
	return mds.Call(ctx, caller, command, append(all, opts...)...)
}
