package cli

import (
	"context"
	"time"
)

// wait is a positive duration as a flag.
type wait time.Duration

// String, Set and Type make wait a flag.
func (w *wait) String() string {
	if *w == 0 {
		return ""
	}
	return time.Duration(*w).String()
}
func (*wait) Type() string { return "duration" }
func (w *wait) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return usagef("want a positive duration such as 90s or 5m")
	}
	*w = wait(d)
	return nil
}

// took prints a duration with three digits at most.
func took(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// brief prints a duration with three digits at most in seven columns, "" for none.
func brief(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		for _, part := range []time.Duration{1, 10, 100} {
			if d >= unit*100/part {
				return d.Round(unit / part).String()
			}
		}
	}
	return d.String()
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
