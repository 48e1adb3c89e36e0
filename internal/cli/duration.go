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

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
