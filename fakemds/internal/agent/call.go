package agent

import (
	"context"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// Endpoint is one path of a generation. Get it from Lookup.
type Endpoint struct {
	Name          string // like "volume/clients"
	Sync          bool   // it answers in the reply, not by a callback
	NeedsPassword bool   // of a host

	byName bool // a volume is logicalPoolName and lunName, not a path
	run    handler
	traits traits
}

// handler executes a call and returns the fields of the answer behind success and
// error; nil means an empty body. It waits no longer than ctx lives.
type handler func(ctx context.Context, c *call) (python.Object, error)

// traits are the small differences of a generation inside handlers that several
// generations share. The larger ones have a handler of their own, see steps.
type traits struct {
	lun         bool // texts say lun, not volume
	parent      bool // volume/query answers parentUri
	unit        bool // create and expand read unit, else they count GiB
	dstPool     bool // copy reads dstPool
	existsCheck bool // volume/clients looks whether the volume exists
	version     bool // metadata/sync keeps agentVersion, ping answers it
	serial      bool // metadata/sync answers the server's serial number
}

// noun is what the texts of the generation call a volume.
func (t traits) noun() string {
	if t.lun {
		return "lun"
	}
	return "volume"
}

// Request is what an endpoint is to do.
type Request struct {
	Body []byte

	// StorageError is what the storage's own commands fail with; nil: they work.
	StorageError error

	// Frozen are the lists of clients that volume/clients answers instead of the
	// storage's, by LOGICAL/VOLUME; nil: those of the storage.
	Frozen map[string][]storage.Address
}

// Result is what an endpoint did.
type Result struct {
	Body       []byte   // JSON of the answer; empty when there is none
	Err        error    // the error that the answer names, nil for success
	Harm       []string // what it did that the caller did not ask for, in words
	DidNothing bool     // it succeeded and did not do what the caller asked for
}

// Run executes the request on the agent. Some endpoints wait, no longer than ctx
// lives.
func (ep *Endpoint) Run(ctx context.Context, a *Agent, r Request) Result {
	c := &call{Request: r, Endpoint: ep, agent: a}
	answer, err := ep.run(ctx, c)
	result := Result{Err: err, Harm: c.harm, DidNothing: c.idle && err == nil}
	switch {
	case err != nil:
		result.Body = Failure(err.Error())
	case answer != nil:
		result.Body = python.Dump(append(python.Object{}.With("success", true).With("error", ""), answer...))
	}
	return result
}

// Failure is the JSON of an error that the agent reports.
func Failure(text string) []byte {
	return python.Dump(python.Object{}.With("success", false).With("error", text))
}

// call is a Request on its way through a handler.
type call struct {
	Request
	*Endpoint
	agent  *Agent
	fields any    // the decoded body, see read
	target target // see readTarget

	harm []string
	idle bool // the handler had something to change and did not
}

// find looks the target's volume up in the storage.
func (c *call) find(s *storage.State, command string) (*storage.Volume, error) {
	if c.StorageError != nil {
		return nil, c.StorageError
	}
	return s.Find(command, c.target.logical, c.target.volume)
}

// wrap puts the storage's error into the agent's sentence. What the shell says is
// passed on bare.
func wrap(err error, format string, args ...any) error {
	if _, ok := err.(storage.CommandError); ok {
		return err
	}
	return python.Errorf(format+", error[%v]", append(args, err)...)
}
