package zbs

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrInvalidCommand is wrapped by every error about a field of a command that
// is neither a path nor a name: a size, a port, a password.
var ErrInvalidCommand = errors.New("invalid command")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidCommand, fmt.Sprintf(format, args...))
}

// Command is a request to an agent. Its type fixes the endpoint it goes to and
// the type R of the answer, so that a call infers both:
//
//	clients, err := mds.Call(ctx, caller, zbs.GetVolumeClients{Path: path})
//
// Only this package implements it. The commands are plain values whose fields
// are what goes on the wire.
type Command[R any] interface {
	// Endpoint returns where the command goes.
	Endpoint() Endpoint
	// Validate reports what keeps the command from being sent. Errors wrap
	// ErrInvalidPath, ErrInvalidName or ErrInvalidCommand.
	Validate() error

	answer() R
}

// Envelope has the fields that every request carries beside those of its command.
type Envelope struct {
	StorageID string `json:"uuid,omitempty"` // the primary storage's uuid, free text
	Addr      string `json:"addr"`           // host of the MDS the command is sent to
}

// Encode returns the body of a request: the fields of the envelope and of the
// command in one JSON object. A command with nothing in it, such as Echo, has
// the envelope's alone.
func (env Envelope) Encode(command any) ([]byte, error) {
	sealed, err := env.Seal()
	if err != nil {
		return nil, err
	}
	return sealed.Encode(command)
}

// SealedEnvelope is an Envelope encoded once for many commands. It is a value,
// safe for concurrent use; the zero SealedEnvelope is not usable, Envelope.Seal
// makes one.
type SealedEnvelope struct{ head []byte }

// Seal encodes the envelope.
func (env Envelope) Seal() (SealedEnvelope, error) {
	head, err := json.Marshal(env)
	if err != nil {
		return SealedEnvelope{}, fmt.Errorf("encode envelope: %w", err)
	}
	return SealedEnvelope{head}, nil
}

// Encode is Envelope.Encode.
func (s SealedEnvelope) Encode(command any) ([]byte, error) {
	if c, ok := command.(interface{ wire() any }); ok {
		command = c.wire()
	}
	fields, err := json.Marshal(command)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", command, err)
	}
	body := make([]byte, 0, len(s.head)+len(fields))
	body = append(body, s.head...)
	if len(fields) == len("{}") {
		return body, nil
	}
	body[len(body)-1] = ',' // in place of the closing brace
	return append(body, fields[1:]...), nil
}

// Echo asks whether an agent answers. It runs nothing on the node.
type Echo struct{}

// Endpoint returns EndpointEcho.
func (Echo) Endpoint() Endpoint { return EndpointEcho }

// Validate returns nil.
func (Echo) Validate() error { return nil }

func (Echo) answer() (r EchoReply) { return r }

// GetFacts asks which cluster an MDS belongs to.
type GetFacts struct{}

// Endpoint returns EndpointFacts.
func (GetFacts) Endpoint() Endpoint { return EndpointFacts }

// Validate returns nil.
func (GetFacts) Validate() error { return nil }

func (GetFacts) answer() (r Facts) { return r }

// Ping asks whether an MDS serves the cluster. It fails when Cluster is not the
// MDS's own, or while no MDS is leader.
type Ping struct {
	Cluster Facts `json:"clusterInfo"` // as GetFacts answered
}

// Endpoint returns EndpointPing.
func (Ping) Endpoint() Endpoint { return EndpointPing }

// Validate returns nil.
func (Ping) Validate() error { return nil }

func (Ping) answer() (r PingReply) { return r }

// GetCapacity asks for all pools of the cluster.
type GetCapacity struct {
	// LogicalPools makes the agent fail unless one of these pools exists. The
	// answer has all pools in any case. Empty: no condition.
	LogicalPools []string `json:"logicalPoolNames,omitempty"`
}

// Endpoint returns EndpointCapacity.
func (GetCapacity) Endpoint() Endpoint { return EndpointCapacity }

// Validate checks the names of the pools.
func (c GetCapacity) Validate() error {
	for _, pool := range c.LogicalPools {
		if err := CheckName("logical pool", pool); err != nil {
			return err
		}
	}
	return nil
}

func (GetCapacity) answer() (r Capacity) { return r }

// QueryVolume asks for size and parent of a volume. It fails with an AgentError
// when the volume does not exist.
type QueryVolume struct {
	Path CBDPath `json:"path"` // a volume
}

// Endpoint returns EndpointVolumeQuery.
func (QueryVolume) Endpoint() Endpoint { return EndpointVolumeQuery }

// Validate refuses everything but the path of a volume.
func (c QueryVolume) Validate() error { return checkVolumePath(c.Path) }

func (QueryVolume) answer() (r VolumeInfo) { return r }

// GetVolumeClients asks for the clients of a volume: the processes that have it open.
type GetVolumeClients struct {
	Path CBDPath `json:"path"` // a volume
}

// Endpoint returns EndpointVolumeClients.
func (GetVolumeClients) Endpoint() Endpoint { return EndpointVolumeClients }

// Validate refuses everything but the path of a volume.
func (c GetVolumeClients) Validate() error { return checkVolumePath(c.Path) }

func (GetVolumeClients) answer() (r VolumeClients) { return r }
