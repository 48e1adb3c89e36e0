package proof

import "errors"

// Errors to match with errors.Is on what a Guard and Replay return.
var (
	// ErrNotFound: the pool or volume does not exist.
	ErrNotFound = errors.New("not found")
	// ErrInUse: a host that is not allowed has the volume open. The error is an
	// *InUseError.
	ErrInUse = errors.New("volume in use")
	// ErrUndetermined: it is not known whether the volume is in use; treat it as in
	// use. The error is an *UndeterminedError.
	ErrUndetermined = errors.New("cannot tell whether the volume is in use")
	// ErrReportExpired: the report is too old to act on, or from the future.
	ErrReportExpired = errors.New("report expired")
	// ErrReportTampered: the report was changed after the Guard wrote it.
	ErrReportTampered = errors.New("report was changed")
	// ErrReportSchema: the report has a schema that this version does not read.
	ErrReportSchema = errors.New("unknown report schema")
)
