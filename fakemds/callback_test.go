package fakemds_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

const ping = `{"clusterInfo": {"version": "1.6.2", "uuid": "11111111-2222-3333-4444-555555555555"}}`

// TestCallbackRefused retries for 60 s and gives up; the task id is free then.
func TestCallbackRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		open time.Duration // when the receiver begins to listen
		got  int
	}{
		{"listens after 30s", 30*time.Second + time.Millisecond, 1},
		{"listens after 61s", 61 * time.Second, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				k := newCaller(t, c)
				n := c.Node(0)
				k.url = "http://callback.fake:1/cb"
				k.async(0, "ping", ping)
				time.Sleep(row.open)
				ln, err := fakemds.ListenAt(c, "callback.fake:1")
				if err != nil {
					t.Fatal(err)
				}
				srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { k.calls <- callback{} })}
				go srv.Serve(ln)
				defer srv.Close()
				time.Sleep(time.Hour)
				if len(k.calls) != row.got {
					t.Errorf("%d callbacks, want %d", len(k.calls), row.got)
				}
				if got := n.Requests()[0]; got.Callbacks != row.got || !got.Executed {
					t.Errorf("ledger: %+v", got)
				}
			})
		})
	}
}

// TestCallbackUnanswered gives up after 120 s and does not send it again.
func TestCallbackUnanswered(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		ln, err := c.Listen()
		if err != nil {
			t.Fatal(err)
		}
		took := make(chan time.Duration, 9)
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				start := time.Now()
				for err == nil {
					_, err = conn.Read(make([]byte, 1000))
				}
				took <- time.Since(start)
				conn.Close()
			}
		}()
		k.url = "http://" + ln.Addr().String()
		k.async(0, "ping", ping)
		time.Sleep(time.Hour)
		if n := len(took); n != 1 {
			t.Fatalf("%d deliveries, want 1", n)
		}
		if got := <-took; got != 120*time.Second {
			t.Errorf("the agent gave up after %v, want 2m", got)
		}
	})
}

// TestCallbackClosed delivers the same callback again every second, 60 times.
func TestCallbackClosed(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		ln, err := c.Listen()
		if err != nil {
			t.Fatal(err)
		}
		at := make(chan time.Time, 100)
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				conn.Read(make([]byte, 1000))
				at <- time.Now()
				conn.Close()
			}
		}()
		k.url = "http://" + ln.Addr().String()
		start := time.Now()
		k.async(0, "ping", ping)
		time.Sleep(time.Hour)
		if n := len(at); n != 61 {
			t.Fatalf("%d deliveries, want 61", n)
		}
		for i := range 61 {
			if got := (<-at).Sub(start); got != time.Duration(i)*time.Second {
				t.Errorf("delivery %d after %v", i, got)
			}
		}
		if got := c.Requests()[0].Callbacks; got != 61 {
			t.Errorf("the ledger counts %d callbacks, want 61", got)
		}
	})
}

// TestDuplicateTask drops a task id in flight on any endpoint of the node, runs
// it on another node, and again when its callback was delivered.
func TestDuplicateTask(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		c.Node(0).Inject(fakemds.Slow(time.Minute).On("ping"))
		send := func(node int, endpoint string) {
			status, _, err := k.post(node, endpoint, ping, "taskuuid", "same", "callbackurl", k.url)
			if status != http.StatusOK || err != nil {
				t.Errorf("%s: %d, %v", endpoint, status, err)
			}
		}
		send(0, "ping")
		send(0, "facts")
		send(1, "facts")
		time.Sleep(2 * time.Minute)
		send(0, "facts")
		time.Sleep(time.Minute)
		reqs := c.Node(0).Requests()
		if !reqs[0].Executed || !reqs[1].Dropped || reqs[1].Executed || !reqs[2].Executed {
			t.Errorf("ledger: %+v", reqs)
		}
		if len(k.calls) != 3 {
			t.Errorf("%d callbacks, want 3", len(k.calls))
		}
	})
}

// TestRestart loses what was in flight and what metadata/sync had set.
func TestRestart(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		n := c.Node(0)
		n.Inject(fakemds.Slow(time.Minute).Times(1))
		k.async(0, "volume/expand", `{"path":"`+vol+`","size":20}`)
		n.Restart()
		time.Sleep(time.Hour)
		if v, _ := c.Volume(vol); len(k.calls) != 0 || v.Size != 10<<30 {
			t.Errorf("%d callbacks, size %d: the work outlived its process", len(k.calls), v.Size)
		}
		if got, _ := k.clients(0, vol); got != `{"success": true, "error": "", "clients": []}` {
			t.Errorf("after a restart: %s", got)
		}
		k.call(0, "metadata/sync", `{"addr":"a","agentVersion":"6.0.0"}`)
		if got, _ := k.clients(0, vol); got != openBody {
			t.Errorf("after metadata/sync: %s", got)
		}
		if got := k.call(0, "ping", ping); got["agentVersion"] != "6.0.0" {
			t.Errorf("ping: %v", got)
		}
	})
}

// TestStaleList answers as things stood, on this node only, until Clear.
func TestStaleList(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5:9001")
		k := newCaller(t, c)
		c.Node(0).FreezeClients()
		c.CloseClient(vol, "10.0.0.5")
		const none = `{"success": true, "error": "", "clients": []}`
		if got, _ := k.clients(0, vol); got != openBody {
			t.Errorf("frozen: %s", got)
		}
		if got, _ := k.clients(1, vol); got != none {
			t.Errorf("the other node: %s", got)
		}
		c.Node(0).Clear()
		if got, _ := k.clients(0, vol); got != none {
			t.Errorf("cleared: %s", got)
		}
	})
}

// TestLeaderSwitch: nobody is listed anywhere until the clients are back.
func TestLeaderSwitch(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		c.LeaderSwitch(5 * time.Second)
		for i := range 2 {
			if got, _ := k.clients(i, vol); got == openBody {
				t.Errorf("node %d lists a client at once", i)
			}
		}
		time.Sleep(5 * time.Second)
		if got, _ := k.clients(0, vol); got != openBody {
			t.Errorf("after 5s: %s", got)
		}
	})
}
