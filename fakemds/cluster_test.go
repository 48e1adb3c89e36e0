package fakemds_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/zbsclient/zbsclient/fakemds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const vol = "zbs://lp/vol"

// client is a plain HTTP client in front of a cluster: the fake must not be
// tested through the client that is tested against it.
type client struct {
	t       *testing.T
	cluster *fakemds.Cluster
	http    *http.Client
	done    chan string // bodies of callbacks
	url     string
}

func newClient(t *testing.T, cluster *fakemds.Cluster) *client {
	t.Helper()
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, cluster: cluster, done: make(chan string, 10), url: "http://" + listener.Addr().String() + "/cb"}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.done <- string(body)
	})}
	go server.Serve(listener)
	transport := &http.Transport{DialContext: cluster.DialContext}
	c.http = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return c
}

// post sends a request to node 0 and returns status and body.
func (c *client) post(endpoint, body, taskID string) (int, string, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "http://"+c.cluster.Addrs()[0]+"/zbs/primarystorage/"+endpoint, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if taskID != "" {
		req.Header.Set("taskuuid", taskID)
		req.Header.Set("callbackurl", c.url)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

const (
	clientsBody = `{"path": "cbd:pp/lp/vol"}`
	openOn5     = `{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}`
	nobody      = `{"success": true, "error": "", "clients": []}`
)

func (c *client) clients() (int, string, error) { return c.post("volume/clients", clientsBody, "") }

// inBubble runs f in virtual time with a cluster of one node and vol open on
// 10.0.0.5.
func inBubble(t *testing.T, f func(t *testing.T, cluster *fakemds.Cluster, c *client), opts ...fakemds.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cluster := fakemds.NewCluster(t, 1, opts...)
		cluster.AddVolume(vol, "10.0.0.5")
		f(t, cluster, newClient(t, cluster))
	})
}

// What each fault does to a synchronous read: the answer, how often it was
// executed, and after what time.
func TestFaultsOfASyncRead(t *testing.T) {
	for _, tc := range []struct {
		fault    fakemds.Fault
		status   int
		body     string
		err      error
		executed int
		took     time.Duration
	}{
		{fault: fakemds.Refuse, err: syscall.ECONNREFUSED},
		{fault: fakemds.Blackhole, err: context.DeadlineExceeded, took: time.Minute},
		{fault: fakemds.Hang, err: context.DeadlineExceeded, took: time.Minute},
		{fault: fakemds.HangAfter, err: context.DeadlineExceeded, executed: 1, took: time.Minute},
		{fault: fakemds.Reset, err: syscall.ECONNRESET},
		{fault: fakemds.ResetAfter, err: syscall.ECONNRESET, executed: 1},
		{fault: fakemds.Truncate, status: 200, body: openOn5[:len(openOn5)/2], err: io.ErrUnexpectedEOF, executed: 1},
		{fault: fakemds.Garbage, status: 200, body: "\x16\x03garbage<html>", executed: 1},
		{fault: fakemds.Status(404), status: 404, body: "*404 Not Found*"},
		{fault: fakemds.StatusAfter(503), status: 503, body: "*503 Service Unavailable*", executed: 1},
		{fault: fakemds.AgentError("no\nway"), status: 200, body: `{"success": false, "error": "no\nway"}`},
		{fault: fakemds.Slow(7 * time.Second), status: 200, body: openOn5, executed: 1, took: 7 * time.Second},
		{fault: fakemds.SlowBody(5 * time.Second), status: 200, body: openOn5, executed: 1, took: 5 * time.Second},
		{fault: fakemds.Hang.On("ping"), status: 200, body: openOn5, executed: 1},
		{fault: fakemds.Fault{}, status: 200, body: openOn5, executed: 1},
	} {
		t.Run(tc.fault.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
				c.http.Timeout = time.Minute
				cluster.Node(0).Inject(tc.fault)
				began := time.Now()
				status, body, err := c.clients()
				want := tc.body
				if pattern, ok := strings.CutPrefix(want, "*"); ok && strings.Contains(body, strings.TrimSuffix(pattern, "*")) {
					want = body
				}
				if status != tc.status || body != want || (err == nil) != (tc.err == nil) || tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("%d %q, %v; want %d %q, %v", status, body, err, tc.status, tc.body, tc.err)
				}
				if took := time.Since(began); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				if n := cluster.Executed("volume/clients"); n != tc.executed {
					t.Errorf("executed %d times, want %d", n, tc.executed)
				}
				// Without the fault all is well.
				cluster.Node(0).Clear()
				if status, body, err := c.clients(); status != 200 || body != openOn5 || err != nil {
					t.Errorf("after Clear: %d %q, %v", status, body, err)
				}
			})
		})
	}
}

func TestFaultsCountAndCombine(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		node := cluster.Node(0)
		node.Inject(fakemds.Status(500).Times(2), fakemds.Slow(time.Second).On("volume/clients"))
		began := time.Now()
		for _, want := range []int{500, 500, 200} {
			if status, _, err := c.clients(); status != want || err != nil {
				t.Errorf("status %d, %v; want %d", status, err, want)
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("three slow requests took %v", took)
		}
		if left := node.Faults(); len(left) != 1 || left[0].String() != "slow(1s) on volume/clients" {
			t.Errorf("faults left: %v", left)
		}
		node.Clear()
		node.Inject(fakemds.Refuse.Times(1))
		c.http.CloseIdleConnections()
		if _, _, err := c.clients(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("refused once: %v", err)
		}
		if _, body, err := c.clients(); body != openOn5 || err != nil {
			t.Errorf("and then not: %q, %v", body, err)
		}
	})
}

// Parsing what String gives is the same fault.
func TestParseFault(t *testing.T) {
	for name, want := range map[string]fakemds.Fault{
		"refuse":           fakemds.Refuse,
		"hang-after":       fakemds.HangAfter,
		"slow":             fakemds.Slow(2 * time.Second),
		"status-503":       fakemds.Status(503),
		"status-after-502": fakemds.StatusAfter(502),
		"callback-late":    fakemds.CallbackLate(2 * time.Second),
	} {
		got, err := fakemds.ParseFault(name, 2*time.Second)
		if err != nil || got.String() != want.String() {
			t.Errorf("%s reads as %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "explode", "status-", "status-1", "status-after-x"} {
		if f, err := fakemds.ParseFault(name, 0); err == nil {
			t.Errorf("%q reads as %v", name, f)
		}
	}
	if _, err := fakemds.ParseFault("slow", 0); err == nil {
		t.Error("slow without a delay was taken")
	}
}

const queryBody = `{"path": "cbd:pp/lp/vol"}`

// What each fault does to the callback of an asynchronous read.
func TestFaultsOfACallback(t *testing.T) {
	const answer = `{"success": true, "error": "", "size": 10737418240, "actualSize": 1073741824}`
	for _, tc := range []struct {
		name   string
		faults []fakemds.Fault
		bodies []string
		after  time.Duration
	}{
		{"none", nil, []string{answer}, 0},
		{"lost", []fakemds.Fault{fakemds.CallbackLost}, nil, 0},
		{"late", []fakemds.Fault{fakemds.CallbackLate(3 * time.Second)}, []string{answer}, 3 * time.Second},
		{"twice", []fakemds.Fault{fakemds.CallbackTwice}, []string{answer, answer}, 0},
		{"truncated", []fakemds.Fault{fakemds.Truncate}, []string{answer[:len(answer)/2]}, 0},
		{"after a reset", []fakemds.Fault{fakemds.ResetAfter}, []string{answer}, 0},
		{"after a reset, lost", []fakemds.Fault{fakemds.ResetAfter, fakemds.CallbackLost}, nil, 0},
		{"after a hang", []fakemds.Fault{fakemds.HangAfter}, nil, 0},
		{"after a 503", []fakemds.Fault{fakemds.StatusAfter(503)}, []string{answer}, 0},
		{"refusal", []fakemds.Fault{fakemds.AgentError("no")}, []string{`{"success": false, "error": "no"}`}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
				c.http.Timeout = time.Second
				cluster.Node(0).Inject(tc.faults...)
				began := time.Now()
				c.post("volume/query", queryBody, "t1")
				for i, want := range tc.bodies {
					if got := <-c.done; got != want {
						t.Errorf("callback %d: %q, want %q", i, got, want)
					}
				}
				if took := time.Since(began); len(tc.bodies) > 0 && took != tc.after {
					t.Errorf("called back after %v, want %v", took, tc.after)
				}
				time.Sleep(5 * time.Minute)
				if n := len(c.done); n != 0 {
					t.Errorf("%d more callbacks", n)
				}
			})
		})
	}
}

func TestDuplicateTaskIsDropped(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		cluster.Node(0).Inject(fakemds.CallbackLate(time.Second).Times(1))
		for _, endpoint := range []string{"volume/query", "volume/flatten"} {
			if status, body, err := c.post(endpoint, queryBody, "same"); status != 200 || body != "" || err != nil {
				t.Errorf("%s: %d %q, %v", endpoint, status, body, err)
			}
		}
		<-c.done
		synctest.Wait()
		if n := cluster.Asked("volume/flatten") - cluster.Executed("volume/flatten"); n != 1 {
			t.Errorf("%d duplicates were dropped, want 1", n)
		}
		c.post("volume/flatten", queryBody, "same") // delivered: the id is free again
		<-c.done
	})
}

// A listener that is not there yet gets the callback within a second of coming
// up; after a minute it is lost.
func TestCallbackIsRetriedForAMinute(t *testing.T) {
	for name, tc := range map[string]struct {
		away time.Duration
		want int
	}{"back in time": {30 * time.Second, 1}, "too late": {61 * time.Second, 0}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
				c.url = "http://caller-2.fake:80" // the second listener's address, which is not there yet
				c.post("volume/query", queryBody, "t1")
				time.Sleep(tc.away)
				back, err := cluster.Listen()
				if err != nil || back.Addr().String() != "caller-2.fake:80" {
					t.Fatal(back, err)
				}
				var mu sync.Mutex
				got := 0
				server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
					mu.Lock()
					got++
					mu.Unlock()
				})}
				go server.Serve(back)
				defer server.Close()
				time.Sleep(5 * time.Minute)
				mu.Lock()
				defer mu.Unlock()
				if got != tc.want {
					t.Errorf("%d callbacks, want %d", got, tc.want)
				}
			})
		})
	}
}

// The six ways in which a client list lies by silence.
func TestEmptyListsThatLie(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		node := cluster.Node(0)
		expect := func(why, want string) {
			t.Helper()
			if _, body, err := c.clients(); body != want || err != nil {
				t.Errorf("%s: %q, %v", why, body, err)
			}
		}
		expect("all is well", openOn5)
		node.Restart()
		c.http.CloseIdleConnections()
		expect("restarted", nobody)
		c.post("metadata/sync", `{"addr": "mds-0.fake", "agentVersion": "5.5.0"}`, "t1")
		<-c.done
		expect("synced again", openOn5)
		node.SetOldStorage(true)
		expect("too old a storage", nobody)
		node.SetOldStorage(false)
		cluster.CloseClient(vol, "10.0.0.5")
		node.FreezeClients()
		cluster.Open(vol, "10.0.0.7")
		expect("stale list", nobody)
		node.Clear()
		expect("current again", strings.ReplaceAll(openOn5, ".5", ".7"))
		for _, path := range []string{"cbd:pp/lp/nope", "cbd:pp/lp/vol?r=x", "zbs://lp/vol", "cbd:/pp/lp/vol"} {
			if _, body, err := c.post("volume/clients", `{"path": "`+path+`"}`, ""); body != nobody || err != nil {
				t.Errorf("%s: %q, %v", path, body, err)
			}
		}
	})
}

// Deleting a volume that is open fails late, and its snapshots are gone by then.
func TestDeleteOfABusyVolume(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		cluster.UpdateVolume(vol, func(v *fakemds.VolumeState) { v.Snapshots = []fakemds.SnapshotState{{Name: "s1"}} })
		began := time.Now()
		c.post("volume/delete", `{"path": "cbd:pp/lp/vol"}`, "t1")
		if body := <-c.done; !strings.Contains(body, `"success": false`) {
			t.Errorf("answer %s", body)
		}
		if took := time.Since(began); took != 153*time.Second {
			t.Errorf("took %v, want 153s", took)
		}
		if v, ok := cluster.Volume(vol); !ok || len(v.Snapshots) != 0 || len(v.Clients) != 1 {
			t.Errorf("volume %+v, %t; want it without snapshots", v, ok)
		}
	})
}

func TestConnectionLedger(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		silent, err := cluster.DialContext(t.Context(), "tcp", cluster.Addrs()[0])
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		for range 2 {
			if _, _, err := c.clients(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Second)
		conns := cluster.Node(0).Conns()
		if len(conns) != 2 || conns[0].Silent != 15*time.Second || conns[0].Received != 0 || conns[1].Silent != 0 {
			t.Errorf("connections %+v; want a silent one that the agent closed after 15s, and one that was reused", conns)
		}
		if most := cluster.Node(0).MaxConns(); most != 2 {
			t.Errorf("%d connections at once", most)
		}
		if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the silent connection reads %v, want EOF", err)
		}
		requests := cluster.Node(0).Requests()
		if len(requests) != 2 || requests[0].Conn != 1 || requests[0].Status != 200 || string(requests[0].Body) != clientsBody {
			t.Errorf("requests %+v", requests)
		}
	})
}

// Ten silent connections stop an agent with ten threads until it closes them.
func TestAgentLimits(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		var silent []net.Conn
		for range 10 {
			conn, err := cluster.DialContext(t.Context(), "tcp", cluster.Addrs()[0])
			if err != nil {
				t.Fatal(err)
			}
			silent = append(silent, conn)
		}
		began := time.Now()
		if _, body, err := c.clients(); body != openOn5 || err != nil {
			t.Errorf("%q, %v", body, err)
		}
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("took %v, want until the agent closes a silent connection, 15s", took)
		}
		for _, conn := range silent {
			conn.Close()
		}
	}, fakemds.WithAgentLimits(10, 5))
}

func TestOnLoopback(t *testing.T) {
	cluster := fakemds.NewCluster(t, 2, fakemds.OnLoopback())
	cluster.AddVolume(vol, "10.0.0.5")
	c := newClient(t, cluster)
	c.http.Transport.(*http.Transport).DialContext = nil // as a program that knows nothing of the fake
	if _, body, err := c.clients(); body != openOn5 || err != nil {
		t.Fatalf("%q, %v", body, err)
	}
	c.post("volume/query", queryBody, "t1")
	if body := <-c.done; !strings.Contains(body, `"size": 10737418240`) {
		t.Errorf("callback %s", body)
	}
	cluster.Node(0).Inject(fakemds.Refuse)
	c.http.CloseIdleConnections()
	if _, _, err := c.clients(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	cluster.Node(0).Clear()
	cluster.Node(0).Inject(fakemds.Reset)
	if _, _, err := c.clients(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
	cluster.Node(0).Clear()
	if _, body, err := c.clients(); body != openOn5 || err != nil {
		t.Errorf("back: %q, %v", body, err)
	}
}

func TestAdmin(t *testing.T) {
	inBubble(t, func(t *testing.T, cluster *fakemds.Cluster, c *client) {
		admin := cluster.AdminHandler()
		do := func(method, path, body string, want int) map[string]any {
			t.Helper()
			r, err := http.NewRequest(method, "http://admin"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			w := &recorder{header: make(http.Header)}
			admin.ServeHTTP(w, r)
			if w.status != want {
				t.Errorf("%s %s: %d %s, want %d", method, path, w.status, w.body, want)
			}
			var doc map[string]any
			json.Unmarshal([]byte(w.body), &doc)
			return doc
		}
		do("POST", "/nodes/0/faults", `{"fault":"status-503","times":1,"on":["volume/clients"]}`, 200)
		if status, _, _ := c.clients(); status != 503 {
			t.Errorf("status %d, want the injected 503", status)
		}
		do("POST", "/nodes/0/unsync", "", 200)
		if _, body, _ := c.clients(); body != nobody {
			t.Errorf("unsynced: %s", body)
		}
		do("POST", "/nodes/0/sync", "", 200)
		do("POST", "/clients", `{"path":"zbs://lp/vol","client":"10.0.0.9"}`, 200)
		if doc := do("GET", "/volume?path=zbs://lp/vol", "", 200); len(doc["Clients"].([]any)) != 2 {
			t.Errorf("volume %v", doc)
		}
		do("DELETE", "/clients", `{"path":"zbs://lp/vol","client":"10.0.0.9"}`, 200)
		do("POST", "/nodes/0/stop", "", 200)
		c.http.CloseIdleConnections()
		if _, _, err := c.clients(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("stopped: %v", err)
		}
		do("DELETE", "/nodes/0/faults", "", 200)
		if _, body, err := c.clients(); body != openOn5 {
			t.Errorf("started: %s, %v", body, err)
		}
		for path, body := range map[string]string{
			"/nodes/7/faults": `{"fault":"hang"}`,
			"/nodes/x/stop":   "",
			"/nodes/0/faults": `{"fault":"hang","delay":"soon"}`,
			"/volume":         `{"path":"lp/vol"}`,
			"/clients":        `{"path":"zbs://lp/nope","client":"10.0.0.9"}`,
		} {
			if doc := do("POST", path, body, 400); doc["error"] == "" {
				t.Errorf("%s says nothing", path)
			}
		}
		do("POST", "/nodes/0/faults", `{"fault":"hang","tims":1}`, 400)
	})
}

type recorder struct {
	header http.Header
	status int
	body   string
}

func (w *recorder) Header() http.Header    { return w.header }
func (w *recorder) WriteHeader(status int) { w.status = status }
func (w *recorder) Write(b []byte) (int, error) {
	w.body += string(b)
	return len(b), nil
}
