package volume

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// ExportRequest names what to export and the ports to choose from.
type ExportRequest struct {
	Path  zbs.Path      // a volume or a snapshot
	Ports zbs.PortRange // one of them is taken; Dash is found out
	// Release says how to make sure that no host has the volume open. A snapshot
	// needs none: its data does not change.
	Release Release
}

// Export is an NBD export that runs on one MDS node until UnexportNBD ends it.
type Export struct {
	Path zbs.Path
	MDS  zbs.Addr // the node that exports: its host is where to connect
	Port int      // of NBD
}

// ExportNBD starts an NBD export on the MDS that answers first, or on the one
// that mds.Target names. Nothing tells whether a snapshot exists: agents export
// an empty one for one that does not.
//
// An export opens the volume on the MDS node, where everyone who reaches the port
// can write to it: agents start it without authentication, on all addresses of
// the node. So it makes sure first that no host has the volume open, as Release
// says. Whether the storage lists the node as a client of the volume was never
// seen: a Guard may call an exported volume free. Nor does success prove that a
// server listens, and one without a client stays until UnexportNBD.
//
// Errors wrap zbs.ErrInvalidPath, zbs.ErrInvalidName, zbs.ErrInvalidCommand or
// ErrNoGuard (nothing is sent), ErrNotFound when the volume does not exist,
// ErrInUse, ErrUndetermined or ErrNotReleased (no export was started),
// mds.ErrAmbiguous (an export may run on the node of the last attempt, on a port
// that nothing tells), or are a *mds.WalkError with the agent's refusal.
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

// misreadPorts reports that the agent wants the port range spelled the other
// way. It fails on it before it does anything, with Python's own words.
func misreadPorts(no *zbs.AgentError) bool {
	return strings.Contains(no.Message, "invalid literal for int()") || strings.Contains(no.Message, "list index out of range")
}

// UnexportNBD ends the export of a port on the MDS that exports: no other is
// asked. A port that exports nothing is a success.
//
// Errors wrap zbs.ErrInvalidCommand (nothing is sent), mds.ErrNoCandidates for
// an MDS that the Caller does not have, mds.ErrAmbiguous (it can be repeated), or
// are a *mds.WalkError.
func (s *Service) UnexportNBD(ctx context.Context, addr zbs.Addr, port int, opts ...mds.CallOption) error {
	_, err := mds.Call(ctx, s.caller, zbs.UnexportNBD{Port: port},
		append([]mds.CallOption{mds.Timeout(ChangeTimeout), mds.Target(addr)}, opts...)...)
	if err != nil {
		return fmt.Errorf("end export %d of %s: %w", port, addr, err)
	}
	return nil
}
