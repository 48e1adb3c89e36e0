package guard

import (
	"time"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// The types of a check and its report are those of package proof. It derives a verdict
// from evidence, and has no import path to anything that does I/O.
type (
	Host              = proof.Host
	HostState         = proof.HostState
	Hosts             = proof.Hosts
	Report            = proof.Report
	Verdict           = proof.Verdict
	Holder            = proof.Holder
	HostProof         = proof.HostProof
	Reason            = proof.Reason
	Code              = proof.Code
	Policy            = proof.Policy
	Timing            = proof.Timing
	Attestation       = proof.Attestation
	InUseError        = proof.InUseError
	UndeterminedError = proof.UndeterminedError
)

// Verdicts, policies and states of hosts.
const (
	Unknown = proof.Unknown
	InUse   = proof.InUse
	Free    = proof.Free

	Quorum = proof.Quorum
	All    = proof.All
	First  = proof.First

	InService   = proof.InService
	Maintenance = proof.Maintenance
)

// Defaults of Timing and MaxFenceAge; package proof says where each comes from.
const (
	DefaultRefresh        = proof.DefaultRefresh
	DefaultLeaderRetry    = proof.DefaultLeaderRetry
	DefaultRegistryExpiry = proof.DefaultRegistryExpiry
	DefaultSpan           = proof.DefaultSpan
	DefaultRounds         = proof.DefaultRounds
	DefaultMaxFenceAge    = proof.DefaultMaxFenceAge
)

// HeartbeatVolume is proof.HeartbeatVolume.
const HeartbeatVolume = proof.HeartbeatVolume

// Errors to match with errors.Is on what a Guard and Replay return.
var (
	ErrNotFound       = proof.ErrNotFound
	ErrInUse          = proof.ErrInUse
	ErrUndetermined   = proof.ErrUndetermined
	ErrReportExpired  = proof.ErrReportExpired
	ErrReportTampered = proof.ErrReportTampered
	ErrReportSchema   = proof.ErrReportSchema
)

// Replay evaluates the evidence of a saved report again. It is proof.Replay.
func Replay(r Report, at time.Time) (Report, error) { return proof.Replay(r, at) }
