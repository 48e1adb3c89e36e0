package client

import (
	"context"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// Connections is how many connections to an MDS each client may open.
const Connections = 4

// DefaultAttemptTimeout bounds an attempt of the clients that need a bound
// given to them.
const DefaultAttemptTimeout = 3 * time.Second

// Client is one way to call the MDS. It is safe for concurrent use.
type Client interface {
	// Read asks who has a volume open: volume/clients.
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

// Names of the kinds that tables treat apart from others.
const (
	Ours  = "mds.Caller"
	Raw   = "raw"
	Fresh = "fresh-transport"
)

// Survivors are ours and its peers, which know all addresses.
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

// Baseline is net/http alone. It knows the first address only.
func Baseline() Kind { return Kind{Raw, newRaw} }

// FreshTransport is the bad example: an http.Transport, and so a connection, for
// each call to the first address.
func FreshTransport() Kind { return Kind{Fresh, newFresh} }

// The volume that is read, and the snapshot that is cloned.
var (
	volume   = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v"}}
	snapshot = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v", Snapshot: "s"}}
)
