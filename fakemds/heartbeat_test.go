package fakemds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

const heartbeat = "cbd:pp/lp/zbs_zstack_heartbeat"

// watch asks node 0 for the clients of the volume every step for a while and
// returns how often each host was listed, in runs of consecutive answers.
func watch(k *caller, path string, lasts, step time.Duration, hosts ...string) (answers int, empty int, runs map[string]int) {
	runs = map[string]int{}
	before := ""
	for range int(lasts / step) {
		got, err := k.clients(0, path)
		if err != nil {
			k.t.Fatal(err)
		}
		answers++
		if strings.Contains(got, `"clients": []`) {
			empty++
		}
		for _, host := range hosts {
			if strings.Contains(got, host) && !strings.Contains(before, host) {
				runs[host]++
			}
		}
		before = got
		time.Sleep(step)
	}
	return answers, empty, runs
}

// TestHeartbeatIsOneShot: a host opens the heartbeat volume for an instant every
// 5 s, so a list of it is empty but for that instant.
func TestHeartbeatIsOneShot(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(heartbeat, "10.0.0.5", "10.0.0.6")
		c.Open(heartbeat, "10.0.0.7:9000")
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		for path, want := range map[string]string{heartbeat: `"clients": []`, vol: "10.0.0.5"} {
			if got, err := k.clients(0, path); err != nil || !strings.Contains(got, want) {
				t.Errorf("%s at once: %s, %v, want %s", path, got, err, want)
			}
		}
		answers, empty, runs := watch(k, heartbeat, 20*time.Second, 10*time.Millisecond, "10.0.0.5", "10.0.0.6", "10.0.0.7")
		if want := map[string]int{"10.0.0.5": 4, "10.0.0.6": 4, "10.0.0.7": 4}; fmt.Sprint(runs) != fmt.Sprint(want) {
			t.Errorf("listed %v times, want %v", runs, want)
		}
		if listed := answers - empty; listed > answers/50 {
			t.Errorf("%d of %d answers were not empty, want hardly any", listed, answers)
		}
		if v, _ := c.Volume(heartbeat); len(v.Clients) != 3 {
			t.Errorf("the storage knows %v, want the three hosts that beat it", v.Clients)
		}
		c.CloseClient(heartbeat, "10.0.0.6")
		if _, _, runs = watch(k, heartbeat, 10*time.Second, 10*time.Millisecond, "10.0.0.6"); len(runs) != 0 {
			t.Errorf("a host that stopped is listed %v", runs)
		}
	})
}

// TestKeepHeartbeatOpen is the other world: hosts hold the volume open.
func TestKeepHeartbeatOpen(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(heartbeat, "10.0.0.5", "10.0.0.6")
		answers, empty, runs := watch(newCaller(t, c), heartbeat, 10*time.Second, 10*time.Millisecond, "10.0.0.5", "10.0.0.6")
		if empty != 0 || fmt.Sprint(runs) != "map[10.0.0.5:1 10.0.0.6:1]" {
			t.Errorf("%d of %d empty, listed %v, want both hosts always", empty, answers, runs)
		}
	}, fakemds.KeepHeartbeatOpen())
}

// TestOneShotHeartbeatAndRegistry: a host without the MDS cannot open the volume,
// and beats it again after Reconnect; a new leader learns of it with its next beat.
func TestOneShotHeartbeatAndRegistry(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(heartbeat, "10.0.0.5", "10.0.0.6")
		k := newCaller(t, c)
		look := func(what, want string) {
			t.Helper()
			_, _, runs := watch(k, heartbeat, 10*time.Second, 10*time.Millisecond, "10.0.0.5", "10.0.0.6")
			if fmt.Sprint(runs) != want {
				t.Errorf("%s: listed %v in 10 s, want %s", what, runs, want)
			}
		}
		after := func(d time.Duration) fakemds.RegistryDelay {
			return func(string, fakemds.ClientState) time.Duration { return d }
		}
		look("at first", "map[10.0.0.5:2 10.0.0.6:2]")
		c.CutOff("10.0.0.5", after(time.Minute))
		look("cut off", "map[10.0.0.6:2]")
		c.SwitchLeader(after(5 * time.Second))
		look("new leader", "map[10.0.0.6:1]")
		c.Reconnect("10.0.0.5", after(0))
		look("reconnected", "map[10.0.0.5:2 10.0.0.6:2]")
	})
}

// TestCutOffInsideAHeartbeat: a host that is cut off while it has the heartbeat
// volume open does not close it, so its entry stays until it expires.
func TestCutOffInsideAHeartbeat(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(heartbeat, "10.0.0.5")
		k := newCaller(t, c)
		for {
			got, err := k.clients(0, heartbeat)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got, "10.0.0.5") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		c.CutOff("10.0.0.5", func(string, fakemds.ClientState) time.Duration { return 50 * time.Second })
		answers, empty, _ := watch(k, heartbeat, 50*time.Second, 100*time.Millisecond)
		if empty != 0 {
			t.Errorf("%d of %d answers empty before the entry expired", empty, answers)
		}
		answers, empty, _ = watch(k, heartbeat, 50*time.Second, 100*time.Millisecond)
		if empty != answers {
			t.Errorf("%d of %d answers not empty after the entry expired", answers-empty, answers)
		}
	})
}
