package mds

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/zbs"
)

const testVolume = "zbs://lp/vol"

var testPath = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "vol"}}

// newTestCluster returns a cluster with testVolume open on 10.0.0.5, and a
// Caller in front of it that knows the agents.
func newTestCluster(t *testing.T, n int, opts ...Option) (*fakemds.Cluster, *Caller) {
	t.Helper()
	cluster := fakemds.NewCluster(t, n)
	cluster.AddPool("lp", "pp")
	cluster.AddVolume(testVolume, "10.0.0.5:9001")
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(cluster.Addrs(), append([]Option{WithDialContext(cluster.DialContext), WithCallbackListener(listener)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return cluster, Recognised(c)
}

// The columns of the outcome table, and what the walk does.
type column struct {
	repeat  zbs.Repeat
	tryNext bool
}

const (
	goesOn     = "next"
	stops      = "stop"
	stopsDoubt = "stop, may have run"
)

// row is a row of the outcome table in design terms, written out by hand: what
// happens after the first MDS fails like this.
type row struct {
	name     string
	modes    []zbs.Mode
	faults   []fakemds.Fault
	prepare  func(c *Caller)
	cancel   bool // the caller gives up after a second
	sent     bool // the request may have reached the first MDS
	executed map[zbs.Mode]int
	want     func(column) string
}

func always(what string) func(column) string { return func(column) string { return what } }

// perhaps is the row "reset, EOF, truncated or non-JSON body, HTTP 5xx".
func perhaps(c column) string {
	if c.repeat == zbs.Unsafe {
		return stopsDoubt
	}
	return goesOn
}

// late is the row of time-outs, which differs with tryNext off.
func late(c column) string {
	switch {
	case c.repeat == zbs.Unsafe, !c.tryNext && c.repeat == zbs.Idempotent:
		return stopsDoubt
	case !c.tryNext:
		return stops
	}
	return goesOn
}

// saidNo is the row "agent error".
func saidNo(c column) string {
	if c.tryNext && c.repeat != zbs.Unsafe {
		return goesOn
	}
	return stops
}

// refused is the row "HTTP 4xx".
func refused(c column) string {
	if c.tryNext {
		return goesOn
	}
	return stops
}

// givenUp is the row "caller's ctx done" while the request is out.
func givenUp(c column) string {
	if c.repeat == zbs.Read {
		return stops
	}
	return stopsDoubt
}

var (
	both     = []zbs.Mode{zbs.Sync, zbs.Async}
	onlySync = []zbs.Mode{zbs.Sync}
	async    = []zbs.Mode{zbs.Async}
	once     = map[zbs.Mode]int{zbs.Sync: 1, zbs.Async: 1}
)

var rows = []row{
	{name: "breaker open", modes: both, prepare: openFirstBreaker, want: always(goesOn)},
	{name: "dial refused", modes: both, faults: []fakemds.Fault{fakemds.Refuse}, want: always(goesOn)},
	{name: "dial timed out", modes: both, faults: []fakemds.Fault{fakemds.Blackhole}, want: always(goesOn)},
	{name: "reset before executing", modes: both, faults: []fakemds.Fault{fakemds.Reset}, sent: true, want: perhaps},
	{name: "reset after executing", modes: both, faults: []fakemds.Fault{fakemds.ResetAfter, fakemds.CallbackLost}, sent: true, executed: once, want: perhaps},
	{name: "truncated", modes: onlySync, faults: []fakemds.Fault{fakemds.Truncate}, sent: true, executed: once, want: perhaps},
	{name: "callback cut off each time", modes: async, faults: []fakemds.Fault{fakemds.Truncate}, sent: true, executed: once, want: late},
	{name: "garbage", modes: both, faults: []fakemds.Fault{fakemds.Garbage}, sent: true, executed: once, want: perhaps},
	{name: "HTTP 500", modes: both, faults: []fakemds.Fault{fakemds.Status(500)}, sent: true, want: perhaps},
	{name: "HTTP 503 after executing", modes: both, faults: []fakemds.Fault{fakemds.StatusAfter(503), fakemds.CallbackLost}, sent: true, executed: once, want: perhaps},
	{name: "hung before executing", modes: both, faults: []fakemds.Fault{fakemds.Hang}, sent: true, want: late},
	{name: "hung after executing", modes: both, faults: []fakemds.Fault{fakemds.HangAfter}, sent: true, executed: once, want: late},
	{name: "callback lost", modes: async, faults: []fakemds.Fault{fakemds.CallbackLost}, sent: true, executed: once, want: late},
	{name: "HTTP 404", modes: both, faults: []fakemds.Fault{fakemds.Status(404)}, sent: true, want: refused},
	{name: "agent error", modes: both, faults: []fakemds.Fault{fakemds.AgentError("no")}, sent: true, want: saidNo},
	{name: "context done", modes: both, faults: []fakemds.Fault{fakemds.Hang}, cancel: true, sent: true, want: givenUp},
}

// openFirstBreaker opens the breaker of the first MDS of the list.
func openFirstBreaker(c *Caller) {
	for range DefaultBreakerFailures {
		c.cluster.servers[0].report(unhealthy)
	}
}

// TestOutcomeTable plays every row in every column, sync and async, and checks
// with the fake who was asked and who executed.
func TestOutcomeTable(t *testing.T) {
	for _, r := range rows {
		for _, mode := range r.modes {
			for _, tryNext := range []bool{true, false} {
				for _, repeat := range []zbs.Repeat{zbs.Read, zbs.Idempotent, zbs.Unsafe} {
					t.Run(fmt.Sprintf("%s/%v/tryNext=%t/%v", r.name, mode, tryNext, repeat), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { r.play(t, mode, column{repeat, tryNext}) })
					})
				}
			}
		}
	}
}

func (r row) play(t *testing.T, mode zbs.Mode, col column) {
	cluster, c := newTestCluster(t, 2, WithHedging(0, 0)) // one after the other, so that each row shows
	o := op{endpoint: zbs.EndpointVolumeClients, command: zbs.GetVolumeClients{Path: testPath}, decode: decoderOf[zbs.VolumeClients]}
	if mode == zbs.Async {
		o = op{endpoint: zbs.EndpointVolumeQuery, command: zbs.QueryVolume{Path: testPath}, decode: decoderOf[zbs.VolumeInfo]}
	}
	o.endpoint.Repeat = col.repeat
	cluster.Node(0).Inject(r.faults...)
	if r.prepare != nil {
		r.prepare(c)
	}
	ctx := t.Context()
	if r.cancel {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	var opts []CallOption
	if col.tryNext {
		opts = append(opts, TryNext())
	}
	answer, err := c.call(ctx, o, func() error { return nil }, opts)

	synctest.Wait() // what the agent does behind its answer
	r.checkAnswer(t, col, answer, err)
	wantSecond := 0
	if r.want(col) == goesOn {
		wantSecond = 1
	}
	wantFirst := 0
	if r.sent {
		wantFirst = 1
	}
	checkLedger(t, cluster.Node(0), wantFirst, r.executed[mode])
	checkLedger(t, cluster.Node(1), wantSecond, wantSecond)
}

func (r row) checkAnswer(t *testing.T, col column, answer any, err error) {
	t.Helper()
	want := r.want(col)
	if want == goesOn {
		if err != nil || answer == nil {
			t.Errorf("the call failed: %v; want the second MDS's answer", err)
		}
		return
	}
	walk, ok := errors.AsType[*CallError](err)
	if !ok || len(walk.Attempts) != 1 {
		t.Fatalf("the call returned %v, %v; want a CallError of one attempt", answer, err)
	}
	if doubt := want == stopsDoubt; errors.Is(err, ErrAmbiguous) != doubt || walk.MayHaveRun() != doubt {
		t.Errorf("ErrAmbiguous %t, want %t: %v", !doubt, doubt, err)
	}
	if a := walk.Attempts[0]; a.Sent != r.sent || a.Phase == "" || a.Err == nil {
		t.Errorf("attempt %+v, want Sent %t, a phase and an error", a, r.sent)
	}
	if errors.Is(err, ErrAllFailed) {
		t.Errorf("a walk that stopped early matches ErrAllFailed: %v", err)
	}
	if got := errors.Is(err, context.DeadlineExceeded); got != r.cancel {
		t.Errorf("context.DeadlineExceeded %t, want it for the caller's own context alone: %v", got, err)
	}
}

func checkLedger(t *testing.T, n *fakemds.Node, asked, executed int) {
	t.Helper()
	requests := n.Requests()
	ran := 0
	for _, q := range requests {
		if q.Executed {
			ran++
		}
	}
	if len(requests) != asked || ran != executed {
		t.Errorf("%s was asked %d times and executed %d, want %d and %d", n.Addr(), len(requests), ran, asked, executed)
	}
}

// A reused connection that turns out dead is no licence to repeat a command
// that must not run twice, or an idempotent one at the same MDS.
func TestDeadKeepAliveOfAMutation(t *testing.T) {
	for _, repeat := range []zbs.Repeat{zbs.Idempotent, zbs.Unsafe} {
		t.Run(repeat.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, c := newTestCluster(t, 1, WithRetries(3))
				o := op{endpoint: zbs.EndpointVolumeClients, command: zbs.GetVolumeClients{Path: testPath}, decode: decoderOf[zbs.VolumeClients]}
				o.endpoint.Repeat = repeat
				valid := func() error { return nil }
				if _, err := c.call(t.Context(), o, valid, nil); err != nil {
					t.Fatal(err)
				}
				cluster.Node(0).Inject(fakemds.ResetAfter.Times(1))
				if _, err := c.call(t.Context(), o, valid, nil); !errors.Is(err, ErrAmbiguous) {
					t.Errorf("error %v, want ErrAmbiguous", err)
				}
				checkLedger(t, cluster.Node(0), 2, 2)
			})
		})
	}
}

// A TLS failure is the one row that the fake, which speaks plain HTTP, plays by
// itself: whatever it answers is no handshake.
func TestOutcomeTLSFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, _ := newTestCluster(t, 2)
		c, err := New([]string{"https://" + cluster.Addrs()[0], cluster.Addrs()[1]}, WithDialContext(cluster.DialContext))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var trace Trace
		o := op{endpoint: zbs.EndpointVolumeClients, command: zbs.GetVolumeClients{Path: testPath}, decode: decoderOf[zbs.VolumeClients]}
		o.endpoint.Repeat = zbs.Unsafe
		if _, err := c.call(t.Context(), o, func() error { return nil }, []CallOption{Record(&trace)}); err != nil {
			t.Fatal(err)
		}
		if a := trace.Attempts[0]; a.Phase != PhaseTLS || a.Sent {
			t.Errorf("attempt %+v, want phase tls, not sent", a)
		}
	})
}
