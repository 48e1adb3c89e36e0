package storage_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

var a, b = storage.Address{IP: "10.0.0.5", Port: 9001}, storage.Address{IP: "10.0.0.6", Port: 9002}

// after is a Delay of one length for all.
func after(d time.Duration) storage.Delay {
	return func(string, storage.Address) time.Duration { return d }
}

// listed checks the lists of a volume at instants after start.
func listed(t *testing.T, s *storage.State, v *storage.Volume, want map[time.Duration][]storage.Address) {
	t.Helper()
	for d, addrs := range want {
		if got := s.Listed(v, start.Add(d)); !reflect.DeepEqual(got, addrs) {
			t.Errorf("after %v: listed %v, want %v", d, got, addrs)
		}
	}
}

// Whatever the registry lists, the clients have the volume open.
func TestRegistry(t *testing.T) {
	type lists = map[time.Duration][]storage.Address
	both := []storage.Address{a, b}
	for _, row := range []struct {
		name string
		do   func(s *storage.State, v *storage.Volume)
		want lists
	}{
		{"open", func(*storage.State, *storage.Volume) {}, lists{0: both, time.Hour: both}},
		{"listed late", func(s *storage.State, v *storage.Volume) {
			s.ListFrom(v, storage.Address{IP: b.IP}, start.Add(time.Minute))
		}, lists{0: {a}, time.Minute - 1: {a}, time.Minute: both}},
		{"blind", func(s *storage.State, _ *storage.Volume) { s.Blind(start.Add(time.Minute)) },
			lists{0: nil, time.Minute - 1: nil, time.Minute: both}},
		{"leader switched", func(s *storage.State, _ *storage.Volume) {
			s.SwitchLeader(start, func(_ string, c storage.Address) time.Duration {
				return map[storage.Address]time.Duration{a: time.Second, b: time.Minute}[c]
			})
		}, lists{0: nil, time.Second: {a}, time.Minute: both}},
		{"cut off", func(s *storage.State, _ *storage.Volume) { s.CutOff(a.IP, start, after(time.Minute)) },
			lists{0: both, time.Minute: {b}, time.Hour: {b}}},
		{"cut off and leader switched", func(s *storage.State, _ *storage.Volume) {
			s.CutOff(a.IP, start, after(time.Minute))
			s.SwitchLeader(start, after(time.Second))
		}, lists{0: nil, time.Second: {b}, time.Hour: {b}}},
		{"cut off before it is listed", func(s *storage.State, v *storage.Volume) {
			s.ListFrom(v, a, start.Add(time.Second))
			s.CutOff(a.IP, start, after(time.Minute))
		}, lists{0: {b}, time.Second: {b}, time.Hour: {b}}},
		{"back before the entry ends", func(s *storage.State, _ *storage.Volume) {
			s.CutOff(a.IP, start, after(time.Minute))
			s.Reconnect(a.IP, start.Add(time.Second), after(time.Hour))
		}, lists{0: both, time.Minute: both, time.Hour: both}},
		{"back after the entry ends", func(s *storage.State, _ *storage.Volume) {
			s.CutOff(a.IP, start, after(time.Second))
			s.Reconnect(a.IP, start.Add(time.Minute), after(time.Minute))
		}, lists{time.Minute: {b}, 2 * time.Minute: both}},
		{"unlisted for good", func(s *storage.State, v *storage.Volume) {
			v.Clients[0].Unlist(start)
			s.SwitchLeader(start, after(0))
			s.Reconnect(a.IP, start, after(0))
		}, lists{0: {b}, time.Hour: {b}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			with(t, func(s *storage.State, v *storage.Volume) {
				s.Open(v, a, start)
				s.Open(v, b, start)
				row.do(s, v)
				listed(t, s, v, row.want)
				if got := v.Clients.Addresses(); !reflect.DeepEqual(got, both) {
					t.Errorf("open on %v, want %v", got, both)
				}
			})
		})
	}
}

func TestOpenAndClose(t *testing.T) {
	with(t, func(s *storage.State, v *storage.Volume) {
		for range 2 {
			s.Open(v, a, start) // once is enough
		}
		s.Open(v, storage.Address{IP: a.IP}, start) // on the next port
		want := []storage.Address{a, {IP: a.IP, Port: 9002}}
		if got := s.ListedByFile(start); !reflect.DeepEqual(got, map[string][]storage.Address{"lp1/vol": want}) {
			t.Errorf("opened: %v", got)
		}
		v.Close(a)
		listed(t, s, v, map[time.Duration][]storage.Address{0: want[1:]})
		v.Close(storage.Address{IP: a.IP}) // all that are left
		listed(t, s, v, map[time.Duration][]storage.Address{0: nil})
	})
}

// A host opens a heartbeat volume for an instant every 5 s, and holds it open where the
// storage is made so.
func TestHeartbeatVolume(t *testing.T) {
	for _, row := range []struct {
		name string
		keep bool
		want int // instants of 20 ms within 5 s at which it is listed
	}{{"beats", false, 1}, {"held open", true, 250}} {
		t.Run(row.name, func(t *testing.T) {
			storage.New(storage.Options{KeepHeartbeatOpen: row.keep}).Do(func(s *storage.State) {
				s.AddPool("lp1", "pp1")
				v, err := s.Create("lp1", "zbs_zstack_heartbeat", 1)
				if err != nil {
					t.Fatal(err)
				}
				s.Open(v, a, start)
				for beat := range 3 {
					got := 0
					for i := range 250 {
						got += len(s.Listed(v, start.Add(time.Duration(beat)*5*time.Second+time.Duration(i)*20*time.Millisecond)))
					}
					if got != row.want {
						t.Errorf("round %d: listed %d times, want %d", beat, got, row.want)
					}
				}
			})
		})
	}
}

func TestBlockDevices(t *testing.T) {
	with(t, func(s *storage.State, v *storage.Volume) {
		const host = "10.0.0.7"
		if !s.TargetRuns(host) {
			t.Error("the target does not run")
		}
		s.SetTarget(host, false)
		if s.TargetRuns(host) {
			t.Error("the target runs")
		}
		if !s.CreateBdev(host, "b1", v) || s.CreateBdev(host, "b1", v) {
			t.Error("b1 was not made once")
		}
		if got := s.Listed(v, start); len(got) != 1 || got[0].IP != host {
			t.Errorf("listed %v, want %s", got, host)
		}
		s.RestartVhost(host, start)
		if got := s.Listed(v, start); len(got) != 0 || len(v.Clients) != 1 {
			t.Errorf("restarted: listed %v, open on %v", got, v.Clients.Addresses())
		}
		if !s.CreateBdev(host, "b1", v) || len(v.Clients) != 1 || len(s.Listed(v, start)) != 1 {
			t.Errorf("made again: open on %v", v.Clients.Addresses())
		}
		if !s.DeleteBdev(host, "b1") || s.DeleteBdev(host, "b1") || len(v.Clients) != 0 {
			t.Errorf("deleted: open on %v", v.Clients.Addresses())
		}
	})
}
