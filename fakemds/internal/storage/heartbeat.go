package storage

import (
	"hash/fnv"
	"time"
)

// A host does not hold its pool's heartbeat volume open. It runs a command that
// opens the volume, reads or writes 4 KiB and closes it, every few seconds.
const (
	heartbeatVolume = "zbs_zstack_heartbeat"
	beatEvery       = 5 * time.Second
	beatLasts       = 20 * time.Millisecond
)

// firstBeat is when a host opens the heartbeat volume first, later than now. The
// hosts beat at different times, each by its address.
func firstBeat(host string, now time.Time) time.Time {
	const steps = int64((beatEvery - 2*beatLasts) / beatLasts)
	h := fnv.New64a()
	h.Write([]byte(host))
	return now.Add(beatLasts * time.Duration(1+int64(h.Sum64()>>1)%steps))
}

// beating reports whether now is within a beat.
func beating(first, now time.Time) bool {
	since := now.Sub(first)
	return since >= 0 && since%beatEvery < beatLasts
}
