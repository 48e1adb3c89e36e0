package volume

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// ExportRequest names a volume or snapshot to export, and the ports to choose from.
type ExportRequest struct {
	Path  zbs.Path      // a volume or a snapshot
	Ports zbs.PortRange // the agent takes one of them; ExportNBD sets Dash
	// Release says how to prove that no host has the volume open. It is ignored for a
	// snapshot: its data does not change.
	Release Release
}

// Export is an NBD export that runs on one MDS node until UnexportNBD ends it.
type Export struct {
	Path zbs.Path
	MDS  zbs.Addr // of the node that exports; connect to its host
	Port int      // of NBD
}

// ExportNBD starts an NBD export on the MDS that answers first, or on the one
// that mds.Target names. It does not find out whether a snapshot exists: agents export
// an empty disk for one that does not.
//
// An export opens the volume on the MDS node. Every program that reaches the port can
// write to it: agents start the export without authentication, on all addresses of the
// node. So ExportNBD first proves that no host has the volume open, as Release says.
//
// It was never seen whether the storage lists the node as a client of the volume. If it
// does not, a Guard may find an exported volume free. Success does not prove that a
// server listens. An export without a client stays until UnexportNBD.
//
// Errors wrap zbs.ErrInvalidPath, zbs.ErrInvalidName, zbs.ErrInvalidCommand or
// ErrNoGuard (nothing is sent), ErrNotFound when the volume does not exist,
// ErrInUse, ErrUndetermined or ErrNotReleased (no export was started),
// mds.ErrAmbiguous (an export may run on the node of the last attempt, on an unknown
// port), or are a *mds.CallError with the agent's refusal.
func (s *Service) ExportNBD(ctx context.Context, req ExportRequest, opts ...mds.CallOption) (Export, error) {
	export, err := s.export(ctx, req, opts)
	if err != nil {
		return Export{}, fmt.Errorf("export %s: %w", req.Path, err)
	}
	return export, nil
}

func (s *Service) export(ctx context.Context, req ExportRequest, opts []mds.CallOption) (Export, error) {
	if err := s.checkSnapshotName(req.Path); err != nil {
		return Export{}, err
	}
	if err := req.Path.Validate(); err != nil {
		return Export{}, err
	}
	if req.Path.IsSnapshot() {
		req.Release = Release{Force: true}
	}
	allowed, err := s.permission(req.Path.OfVolume(), req.Release)
	if err != nil {
		return Export{}, err
	}
	cbd, err := s.pools.resolve(ctx, req.Path, nil)
	if err != nil {
		return Export{}, err
	}
	if _, err := s.Query(ctx, req.Path.OfVolume()); err != nil {
		return Export{}, err
	}
	command := zbs.ExportNBD{Path: cbd, Ports: req.Ports}
	answer, trace, err := sendGuarded(ctx, allowed, command, ChangeTimeout, opts)
	if no, ok := errors.AsType[*zbs.AgentError](err); ok && misreadPorts(no) {
		command.Ports.Dash = !command.Ports.Dash
		answer, trace, err = sendGuarded(ctx, allowed, command, ChangeTimeout, append(opts[:len(opts):len(opts)], mds.Target(no.Addr)))
	}
	if err != nil {
		return Export{}, err
	}
	addr, _ := trace.Answered()
	if port := int(answer.Port); port < req.Ports.First || port > req.Ports.Last {
		return Export{}, fmt.Errorf("%w: %s exports on port %d, asked for one of %d to %d", ErrNotAsAsked, addr, port, req.Ports.First, req.Ports.Last)
	}
	return Export{Path: req.Path, MDS: addr, Port: int(answer.Port)}, nil
}

// misreadPorts reports whether the agent takes the other spelling of a port range. Then
// it fails before it does anything, with a message of Python.
func misreadPorts(no *zbs.AgentError) bool {
	return strings.Contains(no.Message, "invalid literal for int()") || strings.Contains(no.Message, "list index out of range")
}

// UnexportNBD ends the export of a port on the MDS that exports, and asks no other. A
// port without an export is a success.
//
// Errors wrap zbs.ErrInvalidCommand (nothing is sent), mds.ErrNoCandidates for
// an MDS that the Caller does not have, mds.ErrAmbiguous (it can be repeated), or
// are a *mds.CallError.
func (s *Service) UnexportNBD(ctx context.Context, addr zbs.Addr, port int, opts ...mds.CallOption) error {
	_, err := mds.Call(ctx, s.caller, zbs.UnexportNBD{Port: port},
		append([]mds.CallOption{mds.Timeout(ChangeTimeout), mds.Target(addr)}, opts...)...)
	if err != nil {
		return fmt.Errorf("end export %d of %s: %w", port, addr, err)
	}
	return nil
}
