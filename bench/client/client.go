package client

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Connections is how many connections to an MDS each client may open.
const Connections = 4

// DefaultAttemptTimeout bounds an attempt of those clients that have no default of
// their own.
const DefaultAttemptTimeout = 3 * time.Second

// Client is one way to call the MDS. It is safe for concurrent use.
type Client interface {
	// Read lists the clients of a volume: volume/clients.
	Read(ctx context.Context) (zbs.VolumeClients, error)
	// Write makes a volume of that name: volume/clone. It must not run twice.
	Write(ctx context.Context, volume string) error
	Close()
}

// Kind makes clients of one way to call.
type Kind struct {
	Name string
	New  func(addrs []string, attemptTimeout time.Duration) (Client, error)
}

// Names of the kinds that tables treat differently from others.
const (
	Ours  = "mds.Caller"
	Raw   = "raw"
	Fresh = "fresh-transport"
)

// Survivors are the kinds that know all addresses: ours and its peers.
func Survivors() []Kind {
	return []Kind{
		{Ours, newOurs},
		{"loop", newLoop},
		{"retryablehttp", newRetryable},
		{"retryablehttp+gobreaker", newBreaking},
		{"elastic-transport", newElastic},
		{"failsafe-go", newFailsafe},
	}
}

// Baseline is net/http alone. It knows only the first address.
func Baseline() Kind { return Kind{Raw, newRaw} }

// FreshTransport is the bad example: each call to the first address uses a new
// http.Transport, and so a new connection.
func FreshTransport() Kind { return Kind{Fresh, newFresh} }

// The volume that is read, and the snapshot that is cloned.
var (
	volume   = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v"}}
	snapshot = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v", Snapshot: "s"}}
)
