//go:build !linux

package clock

import "time"

// sinceBoot knows no clock that counts suspend.
func sinceBoot() time.Duration { return 0 }
