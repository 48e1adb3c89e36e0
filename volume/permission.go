package volume

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

// errStale ends a call whose permission has expired. It matches ErrUndetermined: it is
// no longer known whether the volume is in use.
var errStale = fmt.Errorf("%w: the check took effect too late: %w", guard.ErrUndetermined, guard.ErrReportExpired)

// permission allows the requests of one change, as the Release says. It is not safe for
// concurrent use, except for valid.
type permission struct {
	service  *Service
	path     zbs.Path // of the volume
	release  Release
	deadline time.Time    // of Release.Wait
	report   guard.Report // the last that said Free; the zero Report has expired
	renewals int
}

// permission returns a permission that has not checked yet, or ErrNoGuard.
func (s *Service) permission(path zbs.Path, r Release) (*permission, error) {
	if s.guard == nil && !r.Force {
		return nil, ErrNoGuard
	}
	if r.Poll <= 0 {
		r.Poll = DefaultPoll
	}
	return &permission{service: s, path: path, release: r}, nil
}

// valid returns nil while requests may be sent.
func (p *permission) valid() error {
	if !p.release.Force && expired(p.report) {
		return errStale
	}
	return nil
}

// expired reports whether the report must not be acted on.
func expired(r guard.Report) bool { return r.Expired() }

// renew returns nil once a check says that the volume is free.
func (p *permission) renew(ctx context.Context) error {
	if p.valid() == nil {
		return nil
	}
	if p.renewals++; p.renewals == 1 {
		p.deadline = time.Now().Add(p.release.Wait)
	}
	for {
		err := p.check(ctx)
		left := time.Until(p.deadline)
		switch {
		case err == nil, p.release.Wait <= 0, errors.Is(err, mds.ErrInvalidOption):
			return err
		case ctx.Err() == nil && left <= 0:
			return fmt.Errorf("%w, %v: %w", ErrNotReleased, p.release.Wait, err)
		case sleep(ctx, min(p.release.Poll, left)) != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// check asks the Guard once.
func (p *permission) check(ctx context.Context) error {
	report, err := p.service.guard.Check(ctx, p.path, p.service.checkOptions(p.release)...)
	switch {
	case err != nil:
		return badOption(err)
	case report.Verdict != guard.Free:
		return &guard.UndeterminedError{Path: p.path, Reasons: report.Reasons}
	}
	p.report = report
	return nil
}

// badOption returns the mistake in the options of a check, which says nothing about the
// volume. It returns any other error as it is.
func badOption(err error) error {
	undetermined, ok := errors.AsType[*guard.UndeterminedError](err)
	if !ok || !errors.Is(err, mds.ErrInvalidOption) {
		return err
	}
	for _, cause := range undetermined.Unwrap() {
		if errors.Is(cause, mds.ErrInvalidOption) {
			return fmt.Errorf("options of the check: %w", cause)
		}
	}
	return err
}

// checkOptions returns the options of a check.
func (s *Service) checkOptions(r Release) []guard.CheckOption {
	n := len(s.guardOptions)
	return append(s.guardOptions[:n:n], r.Options...)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
