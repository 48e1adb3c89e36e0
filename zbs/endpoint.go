package zbs

// AgentPort is the TCP port an MDS agent listens on unless its address says otherwise.
const AgentPort = 7763

// Prefix stands before every endpoint in the path of a request, behind the
// agent's optional root.
const Prefix = "/zbs/primarystorage"

// Names of the headers of an asynchronous call. The agent compares them without
// regard to case and always calls back with the lower-case form.
const (
	HeaderTaskID      = "taskuuid"    // correlates a callback with its request
	HeaderCallbackURL = "callbackurl" // where the agent posts the result
	HeaderAgentBroke  = "error"       // an answer with it is a traceback of the agent itself
)

// Mode says where the answer to a request arrives.
type Mode uint8

const (
	Async Mode = iota // the response means "received"; the answer is posted to the callback URL
	Sync              // the answer is the body of the response
)

// String returns "async" or "sync".
func (m Mode) String() string {
	if m == Sync {
		return "sync"
	}
	return "async"
}

// Repeat says what a second execution of the same request would do. The zero
// value is Unsafe, the kind that is never repeated.
type Repeat uint8

const (
	Unsafe     Repeat = iota // must not run twice
	Idempotent               // changes the storage, a second run changes nothing more
	Read                     // changes nothing
)

// String returns "unsafe", "idempotent" or "read".
func (r Repeat) String() string {
	switch r {
	case Read:
		return "read"
	case Idempotent:
		return "idempotent"
	default:
		return "unsafe"
	}
}

// Endpoint describes one operation of the agent. Endpoints are values, safe for
// concurrent use; the zero Endpoint names no operation.
type Endpoint struct {
	Name   string // path behind Prefix without the slash, such as "volume/clients"
	Mode   Mode
	Repeat Repeat
}

// Path returns the path of the endpoint behind the agent's root.
func (e Endpoint) Path() string { return Prefix + "/" + e.Name }

// The endpoints, as the table of the protocol has them. Create and snapshot
// create are Idempotent only when they skip what exists: see Command.Endpoint.
var (
	EndpointEcho             = Endpoint{"echo", Sync, Read}
	EndpointFacts            = Endpoint{"facts", Async, Read}
	EndpointPing             = Endpoint{"ping", Async, Read}
	EndpointMetadataSync     = Endpoint{"metadata/sync", Async, Idempotent}
	EndpointCapacity         = Endpoint{"capacity", Async, Read}
	EndpointResourceUsage    = Endpoint{"resource/usage", Async, Read}
	EndpointVolumeCreate     = Endpoint{"volume/create", Async, Unsafe}
	EndpointVolumeDelete     = Endpoint{"volume/delete", Async, Idempotent}
	EndpointVolumeQuery      = Endpoint{"volume/query", Async, Read}
	EndpointVolumeQueryBatch = Endpoint{"volume/query/batch", Async, Read}
	EndpointVolumeClone      = Endpoint{"volume/clone", Async, Unsafe}
	EndpointVolumeExpand     = Endpoint{"volume/expand", Async, Idempotent}
	EndpointVolumeFlatten    = Endpoint{"volume/flatten", Async, Idempotent}
	EndpointVolumeToNBD      = Endpoint{"volume/cbdtonbd", Async, Unsafe}
	EndpointVolumeCleanNBD   = Endpoint{"volume/cleannbd", Async, Idempotent}
	EndpointVolumeClients    = Endpoint{"volume/clients", Sync, Read}
	EndpointSnapshotCreate   = Endpoint{"snapshot/create", Async, Unsafe}
	EndpointSnapshotDelete   = Endpoint{"snapshot/delete", Async, Idempotent}
	EndpointSnapshotRollback = Endpoint{"snapshot/rollback", Async, Unsafe}
	EndpointSnapshotQuery    = Endpoint{"snapshot/query", Async, Read}
	EndpointCopy             = Endpoint{"copy", Async, Unsafe}
	EndpointClientDeploy     = Endpoint{"client/deploy", Async, Unsafe}
	EndpointVhostDeploy      = Endpoint{"vhost/deploy", Async, Unsafe}
	EndpointVhostDestroy     = Endpoint{"vhost/destroy", Async, Unsafe}
	EndpointVhostCheck       = Endpoint{"vhost/check", Async, Read}
	EndpointVhostHealth      = Endpoint{"vhost/target/health", Async, Read}
	EndpointVhostBdevCreate  = Endpoint{"vhost/bdev/create", Async, Unsafe}
	EndpointVhostBdevDelete  = Endpoint{"vhost/bdev/delete", Async, Unsafe}
)

// Universal reports whether a command for the endpoint may be sent to an unknown
// agent: every generation either reads it as it is meant or answers HTTP 404.
func (e Endpoint) Universal() bool {
	return e.Name == EndpointEcho.Name || e.Name == EndpointVolumeClients.Name
}

// repeatable returns the endpoint, Idempotent if its command skips an existing
// volume or snapshot.
func (e Endpoint) repeatable(skips bool) Endpoint {
	if skips {
		e.Repeat = Idempotent
	}
	return e
}
