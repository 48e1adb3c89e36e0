package fakemds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
)

// exchanged is all that a caller sees of a request.
type exchanged struct {
	Status   int
	Body     string
	Err      string
	Took     time.Duration
	Callback string
	Executed int
}

// exchangeOver makes a request with a deadline of 10 s, over connections or
// without, and waits for a callback as long.
func exchangeOver(t *testing.T, direct bool, endpoint string, faults ...fakemds.Fault) (x exchanged) {
	synctest.Test(t, func(t *testing.T) {
		c := fakemds.NewCluster(t, 1)
		c.AddVolume(vol, "10.0.0.5:9001")
		c.Node(0).Inject(faults...)
		k := newCaller(t, c)
		url := k.url
		if direct {
			url = "http://direct.fake/cb"
			k.http.Transport = c.Transport()
			c.HandleCallbacks("direct.fake", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				k.calls <- callback{at: time.Now(), method: r.Method, path: r.URL.Path, task: r.Header.Get("taskuuid"), body: string(body), err: err}
			}))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		headers := []string{"taskuuid", "task-1", "callbackurl", url}
		if endpoint == "volume/clients" {
			headers = nil
		}
		status, body, err := k.postContext(ctx, 0, endpoint, `{"path":"cbd:pp/lp/vol"}`, headers...)
		x = exchanged{Status: status, Body: body, Err: kindOf(err), Took: time.Since(began)}
		select {
		case cb := <-k.calls:
			if cb.err == nil { // a cut one is no callback
				x.Callback = cb.method + " " + cb.task + " " + cb.body
			}
		case <-time.After(10 * time.Second):
		}
		x.Executed = c.Executed("")
	})
	return x
}

func kindOf(err error) string {
	for _, kind := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return fmt.Sprint(err)
}

// Without connections everything is as it is with them.
func TestTransport(t *testing.T) {
	faults := map[string][]fakemds.Fault{
		"none": nil, "refuse": {fakemds.Refuse}, "blackhole": {fakemds.Blackhole}, "hang": {fakemds.Hang}, "hang after": {fakemds.HangAfter},
		"reset": {fakemds.Reset}, "reset after": {fakemds.ResetAfter}, "hang up": {fakemds.HangUp}, "hang up after": {fakemds.HangUpAfter},
		"slow": {fakemds.Slow(3 * time.Second)}, "slow body": {fakemds.SlowBody(3 * time.Second)}, "truncate": {fakemds.Truncate},
		"garbage": {fakemds.Garbage}, "status": {fakemds.Status(503)}, "status after": {fakemds.StatusAfter(500)},
		"agent error": {fakemds.AgentError("no")}, "agent broken": {fakemds.AgentBroken}, "callback lost": {fakemds.CallbackLost},
		"callback late": {fakemds.CallbackLate(2 * time.Second)}, "callback early": {fakemds.CallbackEarly},
		"stale": {fakemds.StaleList}, "storage": {fakemds.StorageError("rpc timeout")},
	}
	for name, f := range faults {
		for _, endpoint := range []string{"volume/clients", "volume/query", "nope"} {
			want, got := exchangeOver(t, false, endpoint, f...), exchangeOver(t, true, endpoint, f...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, fault %s (-over a connection +without):\n%s", endpoint, name, diff)
			}
		}
	}
}

func TestTransportEnds(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		k.http.Transport = c.Transport()
		c.Node(0).Stop()
		if _, _, err := k.post(0, "echo", ""); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a stopped node: %v, want it refused", err)
		}
		c.Node(0).Start()
		c.Node(0).Inject(fakemds.Hang)
		time.AfterFunc(time.Second, func() { c.Node(0).Restart() })
		if _, _, err := k.post(0, "echo", ""); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a node that restarts meanwhile: %v, want a reset", err)
		}
		if _, err := k.http.Get("http://elsewhere.fake/"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("no node: %v, want it refused", err)
		}
	})
}

// A callback handler that aborts is a connection closed unanswered: the agent
// calls again.
func TestTransportCallbackAborts(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		k.http.Transport = c.Transport()
		calls := make(chan time.Time, 10)
		c.HandleCallbacks("direct.fake", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls <- time.Now()
			if len(calls) == 1 {
				panic(http.ErrAbortHandler)
			}
		}))
		if _, _, err := k.post(0, "facts", "{}", "taskuuid", "a", "callbackurl", "http://direct.fake/"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if len(calls) != 2 {
			t.Fatalf("%d calls, want the one that was aborted and one more", len(calls))
		}
		if apart := -(<-calls).Sub(<-calls); apart != time.Second {
			t.Errorf("calls %v apart, want 1s", apart)
		}
	})
}

// registryOf returns who is listed, by address.
func registryOf(k *caller, path string) string {
	list, err := k.clients(0, path)
	if err != nil {
		return err.Error()
	}
	var hosts []string
	for _, host := range []string{"10.0.0.5", "10.0.0.6", "10.0.0.7"} {
		if strings.Contains(list, `"`+host+`"`) {
			hosts = append(hosts, host[len(host)-1:])
		}
	}
	return strings.Join(hosts, " ")
}

// A volume may be open and not listed, or listed and not open any more.
func TestRegistry(t *testing.T) {
	second := func(n time.Duration) fakemds.RegistryDelay {
		return func(string, fakemds.ClientState) time.Duration { return n * time.Second }
	}
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		began := time.Now()
		at := func(after time.Duration, want string) {
			t.Helper()
			time.Sleep(time.Until(began.Add(after * time.Second)))
			if got := registryOf(k, vol); got != want {
				t.Errorf("after %v: listed %q, want %q", after*time.Second, got, want)
			}
		}
		c.AddVolume(vol, "10.0.0.5")
		c.OpenLate(vol, "10.0.0.6:9001", 3*time.Second)
		at(2, "5")
		at(3, "5 6")
		c.SwitchLeader(func(volume string, client fakemds.ClientState) time.Duration {
			if volume != "lp/vol" {
				t.Errorf("volume %q", volume)
			}
			return time.Duration(client.IP[len(client.IP)-1]-'0') * time.Second
		})
		at(3, "")
		at(8, "5")
		at(9, "5 6")
		c.CutOff("10.0.0.6", second(5))
		at(13, "5 6")
		at(14, "5")
		c.CutOff("10.0.0.6", second(5)) // it is already
		at(15, "5")
		c.Reconnect("10.0.0.6", second(2))
		c.Reconnect("10.0.0.5", second(2)) // it was not away
		at(16, "5")
		at(17, "5 6")
		c.CutOff("10.0.0.6", second(5))
		at(18, "5 6")
		c.Reconnect("10.0.0.6", second(9)) // before its entry died
		at(30, "5 6")
		c.CutOff("10.0.0.6", second(50))
		c.SwitchLeader(second(1)) // it does not come back while it is cut off
		at(31, "5")
		at(60, "5")
		c.OpenLate(vol, "10.0.0.7:9001", 3*time.Second)
		c.CutOff("::ffff:10.0.0.7", second(50)) // before it was listed
		at(70, "5")
		if v, _ := c.Volume(vol); len(v.Clients) != 3 {
			t.Errorf("open on %v, want it open on three", v.Clients)
		}
		c.CloseClient(vol, "10.0.0.6")
		c.Open(vol, "10.0.0.6:9001") // anew, with no past
		at(71, "5 6")
		c.Node(0).FreezeClients()
		c.CloseClient(vol, "10.0.0.5")
		at(72, "5 6")
	})
}

func TestSetCluster(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		ours := k.call(0, "facts", "{}")["uuid"]
		c.Node(0).SetCluster("another")
		if got := k.call(0, "facts", "{}")["uuid"]; got != "another" {
			t.Errorf("facts name %v", got)
		}
		ping := fmt.Sprintf(`{"clusterInfo":{"uuid":"%s","version":"1.6.2"}}`, ours)
		if got := k.call(0, "ping", ping); got["success"] != false {
			t.Errorf("ping of the old cluster: %v", got)
		}
		if got := k.call(1, "ping", ping); got["success"] != true {
			t.Errorf("ping of another node: %v", got)
		}
		c.Node(0).SetCluster("")
		if got := k.call(0, "ping", ping); got["success"] != true {
			t.Errorf("ping afterwards: %v", got)
		}
	})
}
