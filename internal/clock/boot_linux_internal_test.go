//go:build linux

package clock

import (
	"testing"
	"time"
)

func TestSinceBoot(t *testing.T) {
	first := sinceBoot()
	time.Sleep(time.Millisecond)
	if second := sinceBoot(); first <= 0 || second <= first {
		t.Errorf("CLOCK_BOOTTIME is %v, and a millisecond later %v", first, second)
	}
}
