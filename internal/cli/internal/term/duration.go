package term

import "time"

// Took prints a duration with three digits at most.
func Took(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// Brief prints a duration with three digits at most in seven columns, "" for none.
func Brief(d time.Duration) string {
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
