package fakemds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestFaultOnSync takes each fault to volume/clients: what the caller sees, when
// exactly, and what the ledger says.
func TestFaultOnSync(t *testing.T) {
	const d = 7 * time.Second
	for _, row := range []struct {
		name     string
		faults   []fakemds.Fault
		took     time.Duration
		body     string // "" for any
		err      error
		status   int
		executed int
	}{
		{name: "none", body: openBody, status: 200, executed: 1},
		{name: "hang", faults: []fakemds.Fault{fakemds.Hang}, took: time.Hour, err: errDeadline},
		{name: "hang after", faults: []fakemds.Fault{fakemds.HangAfter}, took: time.Hour, err: errDeadline, executed: 1},
		{name: "blackhole", faults: []fakemds.Fault{fakemds.Blackhole}, took: time.Hour, err: errDeadline},
		{name: "refuse", faults: []fakemds.Fault{fakemds.Refuse}, err: syscall.ECONNREFUSED},
		{name: "reset", faults: []fakemds.Fault{fakemds.Reset}, err: syscall.ECONNRESET},
		{name: "reset after", faults: []fakemds.Fault{fakemds.LoseReply}, err: syscall.ECONNRESET, executed: 1},
		{name: "hang up", faults: []fakemds.Fault{fakemds.HangUp}, err: io.EOF},
		{name: "hang up after", faults: []fakemds.Fault{fakemds.HangUpAfter}, err: io.EOF, executed: 1},
		{name: "slow", faults: []fakemds.Fault{fakemds.Slow(d)}, took: d, body: openBody, status: 200, executed: 1},
		{name: "slow body", faults: []fakemds.Fault{fakemds.SlowBody(d)}, took: d, body: openBody, status: 200, executed: 1},
		{name: "slow slow body", faults: []fakemds.Fault{fakemds.Slow(d), fakemds.SlowBody(d)}, took: 2 * d, body: openBody, status: 200, executed: 1},
		{name: "truncate", faults: []fakemds.Fault{fakemds.Truncate}, err: io.ErrUnexpectedEOF, executed: 1},
		{name: "slow truncate", faults: []fakemds.Fault{fakemds.Slow(d), fakemds.Truncate}, took: d, err: io.ErrUnexpectedEOF, executed: 1},
		{name: "garbage", faults: []fakemds.Fault{fakemds.Garbage}, status: 200, executed: 1},
		{name: "status", faults: []fakemds.Fault{fakemds.Status(503)}, status: 503},
		{name: "slow status", faults: []fakemds.Fault{fakemds.Slow(d), fakemds.Status(500)}, took: d, status: 500},
		{name: "status after", faults: []fakemds.Fault{fakemds.StatusAfter(502)}, status: 502, executed: 1},
		{name: "agent error", faults: []fakemds.Fault{fakemds.AgentError("no leader")}, body: `{"success": false, "error": "no leader"}`, status: 200},
		{name: "agent broken", faults: []fakemds.Fault{fakemds.AgentBroken}, status: 500},
		{name: "other endpoint", faults: []fakemds.Fault{fakemds.Hang.On("ping")}, body: openBody, status: 200, executed: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				c.AddVolume(vol, "10.0.0.5")
				c.Node(0).Inject(row.faults...)
				k := newCaller(t, c)
				start := time.Now()
				status, body, err := k.post(0, "volume/clients", `{"path":"`+vol+`"}`)
				if took := time.Since(start); took != row.took {
					t.Errorf("took %v, want %v", took, row.took)
				}
				if !errors.Is(err, row.err) || (row.err == nil) != (err == nil) {
					t.Errorf("error %v, want %v", err, row.err)
				}
				if row.err == nil && status != row.status || row.body != "" && body != row.body {
					t.Errorf("got %d %q, want %d %q", status, body, row.status, row.body)
				}
				if got := c.Executed(""); got != row.executed {
					t.Errorf("executed %d times, want %d", got, row.executed)
				}
			})
		})
	}
}

var errDeadline = context.DeadlineExceeded

func TestTimes(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		n := c.Node(0)
		n.Inject(fakemds.Status(500).Times(2), fakemds.Status(503).Times(1))
		k := newCaller(t, c)
		var got []string
		for range 4 {
			status, _, err := k.post(0, "volume/clients", `{"path":"`+vol+`"}`)
			got = append(got, fmt.Sprint(status, err))
		}
		want := "500 <nil>, 500 <nil>, 503 <nil>, 200 <nil>"
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("got %s, want %s", s, want)
		}
		if left := n.Faults(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestFaultOnAsync takes each fault to volume/query: the POST, the callbacks and
// when they come.
func TestFaultOnAsync(t *testing.T) {
	const d = 7 * time.Second
	type got struct {
		post      error
		at        []time.Duration // of each callback within an hour
		executed  int
		badBodies int
	}
	ok := []time.Duration{0}
	for _, row := range []struct {
		name   string
		faults []fakemds.Fault
		want   got
	}{
		{"none", nil, got{at: ok, executed: 1}},
		{"hang", []fakemds.Fault{fakemds.Hang}, got{post: errDeadline}},
		{"hang after", []fakemds.Fault{fakemds.HangAfter}, got{post: errDeadline, executed: 1}},
		{"reset", []fakemds.Fault{fakemds.Reset}, got{post: syscall.ECONNRESET}},
		{"reset after", []fakemds.Fault{fakemds.ResetAfter}, got{post: syscall.ECONNRESET, at: ok, executed: 1}},
		{"reset after, lost", []fakemds.Fault{fakemds.ResetAfter, fakemds.CallbackLost}, got{post: syscall.ECONNRESET, executed: 1}},
		{"hang up", []fakemds.Fault{fakemds.HangUp}, got{post: io.EOF}},
		{"hang up after", []fakemds.Fault{fakemds.HangUpAfter}, got{post: io.EOF, at: ok, executed: 1}},
		{"slow agent error", []fakemds.Fault{fakemds.Slow(d), fakemds.AgentError("x")}, got{at: []time.Duration{d}, badBodies: 1}},
		{"lost", []fakemds.Fault{fakemds.CallbackLost}, got{executed: 1}},
		{"late", []fakemds.Fault{fakemds.CallbackLate(d)}, got{at: []time.Duration{d}, executed: 1}},
		{"slow", []fakemds.Fault{fakemds.Slow(d)}, got{at: []time.Duration{d}, executed: 1}},
		{"slow late", []fakemds.Fault{fakemds.Slow(d), fakemds.CallbackLate(d)}, got{at: []time.Duration{2 * d}, executed: 1}},
		{"twice", []fakemds.Fault{fakemds.CallbackTwice}, got{at: []time.Duration{0, 0}, executed: 1}},
		{"early", []fakemds.Fault{fakemds.CallbackEarly}, got{at: ok, executed: 1}},
		{"slow body", []fakemds.Fault{fakemds.SlowBody(d)}, got{at: []time.Duration{d}, executed: 1}},
		{"truncate", []fakemds.Fault{fakemds.Truncate}, got{at: ok, executed: 1, badBodies: 1}},
		{"garbage", []fakemds.Fault{fakemds.Garbage}, got{at: ok, executed: 1, badBodies: 1}},
		{"agent broken", []fakemds.Fault{fakemds.AgentBroken}, got{at: ok, badBodies: 1}},
		{"agent error", []fakemds.Fault{fakemds.AgentError("x")}, got{at: ok, badBodies: 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				c.AddVolume(vol)
				c.Node(0).Inject(row.faults...)
				k := newCaller(t, c)
				start := time.Now()
				_, err := k.async(0, "volume/query", `{"path":"`+vol+`"}`)
				if !errors.Is(err, row.want.post) || (row.want.post == nil) != (err == nil) {
					t.Errorf("POST: %v, want %v", err, row.want.post)
				}
				time.Sleep(time.Hour)
				var at []time.Duration
				bad := 0
				for len(k.calls) > 0 {
					cb := <-k.calls
					at = append(at, cb.at.Sub(start))
					if cb.err != nil || !strings.Contains(cb.body, `"size": 10737418240`) {
						bad++
					}
				}
				if fmt.Sprint(at) != fmt.Sprint(row.want.at) || bad != row.want.badBodies {
					t.Errorf("callbacks at %v, %d bad, want %v, %d bad", at, bad, row.want.at, row.want.badBodies)
				}
				if got := c.Executed("volume/query"); got != row.want.executed {
					t.Errorf("executed %d times, want %d", got, row.want.executed)
				}
			})
		})
	}
}
