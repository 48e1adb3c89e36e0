package fakemds_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// paths has a row for each path and a column for each generation: + where the
// agent has it. It was written down from the agents' texts.
const paths = `
                     G1 G2 G3 G4 G5 G6 G6z G7 G7e G8 G9 G10
echo                 +  +  +  +  +  +  +   +  +   +  +  +
facts                +  +  .  .  .  .  .   +  +   +  +  +
ping                 +  +  +  +  +  +  +   +  +   +  +  +
metadata/sync        .  .  .  .  .  .  .   +  +   +  +  +
capacity             +  +  +  +  +  +  +   +  +   +  +  +
resource/usage       .  .  .  .  .  .  .   .  .   .  +  +
volume/create        +  +  +  +  +  +  +   +  +   +  +  +
volume/delete        +  +  +  +  +  +  +   +  +   +  +  +
volume/query         +  +  +  +  +  +  +   +  +   +  +  +
volume/query/batch   .  .  .  .  .  +  .   +  +   +  +  +
volume/clone         +  +  +  +  +  +  +   +  +   +  +  +
volume/expand        +  +  +  +  +  +  +   +  +   +  +  +
volume/flatten       .  .  .  .  .  .  +   +  +   +  +  +
volume/cbdtonbd      +  +  +  +  +  +  +   +  +   +  +  +
volume/cleannbd      +  +  +  +  +  +  +   +  +   +  +  +
volume/clients       .  .  .  .  .  .  .   +  +   +  +  +
snapshot/create      +  +  +  +  +  +  +   +  +   +  +  +
snapshot/delete      +  +  +  +  +  +  +   +  +   +  +  +
snapshot/rollback    +  +  +  +  +  +  +   +  +   +  +  +
snapshot/query       .  .  .  .  .  .  .   .  +   .  .  .
copy                 +  +  +  +  +  +  +   +  +   +  +  +
client/deploy        .  +  +  +  +  +  +   +  +   +  +  +
vhost/deploy         .  .  .  .  .  .  .   .  .   +  +  .
vhost/destroy        .  .  .  .  .  .  .   .  .   +  +  .
vhost/check          .  .  .  .  .  .  .   .  .   .  .  +
vhost/target/health  .  .  .  .  .  .  .   .  .   .  .  +
vhost/bdev/create    .  .  .  .  .  .  .   .  .   +  +  +
vhost/bdev/delete    .  .  .  .  .  .  .   .  .   +  +  +
volume/trash         .  .  .  .  .  .  .   .  .   .  .  .
`

// TestGenerationPaths probes each path of each generation: 400 where the agent has
// it, 404 where not, and nothing runs.
func TestGenerationPaths(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(paths), "\n")
	names := strings.Fields(lines[0])
	gens := fakemds.AllGenerations()
	if got := strings.Trim(fmt.Sprint(gens), "[]"); got != strings.Join(names, " ") {
		t.Fatalf("generations %s, want %s", got, strings.Join(names, " "))
	}
	bubble(t, len(gens), func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		for _, line := range lines[1:] {
			row := strings.Fields(line)
			path, form := row[0], []string{}
			if path == "volume/clients" {
				form = []string{"Content-Type", "application/x-www-form-urlencoded"}
			}
			for node, has := range row[1:] {
				if path == "echo" {
					continue // sync, and takes anything
				}
				want := map[string]int{"+": 400, ".": 404}[has]
				if status, body, err := k.post(node, path, `probe=1`, form...); status != want || err != nil || !strings.Contains(body, "<html>") {
					t.Errorf("%s %s: %d %q, %v, want %d and a page", names[node], path, status, body, err, want)
				}
			}
		}
		for i := range gens {
			n := c.Node(i)
			if got, want := n.Probes(), len(lines)-2; got != want || n.Asked("") != 0 || n.Executed("") != 0 || len(n.Harm()) != 0 {
				t.Errorf("%v: %d probes, want %d; asked %d, executed %d, harm %v", n.Generation(), got, want, n.Asked(""), n.Executed(""), n.Harm())
			}
			if status, body, err := k.post(i, "echo", ``); status != 200 || body != "" || err != nil {
				t.Errorf("%v echo: %d %q, %v", n.Generation(), status, body, err)
			}
		}
	}, fakemds.Generations(gens...))
}

// TestProbe: what is a probe, and what only looks like one.
func TestProbe(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		for _, row := range []struct {
			name, endpoint, body string
			headers              []string
			status               [2]int // of G9 and of G6
			probe                [2]bool
			page                 string // of G9
		}{
			{"async", "facts", `{}`, nil, [2]int{400, 404}, [2]bool{true, true}, "taskuuid"},
			{"async, form", "facts", `a=1`, form, [2]int{400, 404}, [2]bool{true, true}, "Unexpected body parameters: a"},
			{"clients, form", "volume/clients", `b=1&a=2`, form, [2]int{400, 404}, [2]bool{true, true}, "Unexpected body parameters: a, b"},
			{"clients, form, no body", "volume/clients", ``, form, [2]int{200, 404}, [2]bool{false, true}, "Cannot compile"},
			{"clients", "volume/clients", `{"path":"cbd:pp/lp/v"}`, nil, [2]int{200, 404}, [2]bool{false, true}, `"clients": []`},
			{"echo", "echo", ``, nil, [2]int{200, 200}, [2]bool{false, false}, ""},
			{"a task", "metadata/sync", `{"addr":"a"}`, []string{"taskuuid", "t", "callbackurl", k.url}, [2]int{200, 404}, [2]bool{false, false}, ""},
			{"only a callback", "facts", `{}`, []string{"callbackurl", k.url}, [2]int{400, 404}, [2]bool{false, false}, "taskuuid"},
		} {
			for node := range 2 {
				status, body, err := k.post(node, row.endpoint, row.body, row.headers...)
				if status != row.status[node] || err != nil || node == 0 && !strings.Contains(body, row.page) {
					t.Errorf("%s, node %d: %d %q, %v, want %d with %q", row.name, node, status, body, err, row.status[node], row.page)
				}
				all := c.Node(node).Requests()
				if got := all[len(all)-1].Probe; got != row.probe[node] {
					t.Errorf("%s, node %d: probe %v, want %v", row.name, node, got, row.probe[node])
				}
			}
		}
		if got := fmt.Sprint(c.Asked(""), c.Asked("facts"), c.Node(0).Probes(), c.Node(1).Probes()); got != "[5 3] [1 0] 3 5" {
			t.Errorf("asked and probes: %s", got)
		}
	}, fakemds.Generations(fakemds.G9, fakemds.G6))
}

func TestParseGeneration(t *testing.T) {
	for _, g := range fakemds.AllGenerations() {
		for _, text := range []string{g.String(), strings.ToLower(g.String()), " " + g.String() + "\n"} {
			if got, err := fakemds.ParseGeneration(text); got != g || err != nil {
				t.Errorf("%q: %v, %v", text, got, err)
			}
		}
	}
	for _, bad := range []string{"", "G", "G11", "7e", "G7 e"} {
		if got, err := fakemds.ParseGeneration(bad); err == nil || !strings.Contains(err.Error(), "want one of G1, G2,") {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	if got := fakemds.Generation(0).String(); got != "Generation(0)" {
		t.Errorf("the zero one is %q", got)
	}
}

// TestGenerationsOption: the last one stands for the rest, and mistakes are named.
func TestGenerationsOption(t *testing.T) {
	for _, row := range []struct {
		give []fakemds.Generation
		want string // of three nodes
	}{
		{nil, "[G9 G9 G9]"},
		{[]fakemds.Generation{fakemds.G10}, "[G10 G10 G10]"},
		{[]fakemds.Generation{fakemds.G9, fakemds.G6}, "[G9 G6 G6]"},
	} {
		bubble(t, 3, func(t *testing.T, c *fakemds.Cluster) {
			if got := fmt.Sprint([]fakemds.Generation{c.Node(0).Generation(), c.Node(1).Generation(), c.Node(2).Generation()}); got != row.want {
				t.Errorf("%v: got %s, want %s", row.give, got, row.want)
			}
		}, fakemds.Generations(row.give...))
	}
	for want, give := range map[string][]fakemds.Generation{
		"2 generations for 1 nodes": {fakemds.G9, fakemds.G10},
		"Generation(0) is no":       {0},
		"Generation(99) is no":      {99},
	} {
		if _, err := fakemds.Start(1, fakemds.Generations(give...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", give, err, want)
		}
	}
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		if err := c.Node(0).Upgrade(0); err == nil || c.Node(0).Generation() != fakemds.G9 {
			t.Errorf("upgrade to none: %v, now %v", err, c.Node(0).Generation())
		}
	})
}

// TestUpgrade cuts connections, loses the work in flight, and forgets
// metadata/sync; what is on the node's disk stays.
func TestUpgrade(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		n, k := c.Node(0), newCaller(t, c)
		o := ops{k, t}
		o.do("facts", `{"mdsAddr":"mds-0","mdsListenAddr":"10.0.0.1:6700"}`, "")
		n.Inject(fakemds.Slow(time.Minute).Times(1))
		k.async(0, "volume/delete", `{"logicalPoolName":"lp","lunName":"vol"}`)
		if now, _ := n.OpenConns(); now == 0 {
			t.Fatal("no connection is open")
		}
		if err := n.Upgrade(fakemds.G9); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if now, _ := n.OpenConns(); now != 0 || len(k.calls) != 0 {
			t.Errorf("%d connections are open, %d callbacks came", now, len(k.calls))
		}
		o.volume(vol)
		if got := n.ClientConf(); got != "mds.listen.addr=10.0.0.1:6700" {
			t.Errorf("client.conf: %s", got)
		}
		if got := o.do("ping", ping, ""); got["agentVersion"] != nil {
			t.Errorf("still synced: %v", got)
		}
		if got, err := k.clients(0, vol); err != nil || got != `{"success": true, "error": "", "clients": []}` {
			t.Errorf("before metadata/sync: %s, %v", got, err)
		}
		o.do("metadata/sync", `{"addr":"a","agentVersion":"5.5.0"}`, "")
		if got, err := k.clients(0, vol); err != nil || got != openBody {
			t.Errorf("after metadata/sync: %s, %v", got, err)
		}
		if len(c.Harm()) != 1 {
			t.Errorf("harm beside that of facts: %v", c.Harm())
		}
	}, fakemds.Generations(fakemds.G1))
}

// TestSetGeneration goes on with the same process.
func TestSetGeneration(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		o := ops{newCaller(t, c), t}
		c.Node(1).SetGeneration(fakemds.G10)
		if status, _, _ := o.post(1, "vhost/check", ``); status != 400 {
			t.Errorf("vhost/check of a G10: %d", status)
		}
		if status, _, _ := o.post(0, "vhost/check", ``); status != 404 {
			t.Errorf("vhost/check of the other node: %d", status)
		}
		c.Node(0).SetGeneration(fakemds.G7e)
		c.Node(0).SetGeneration(fakemds.G9)
		if got := o.do("ping", ping, ""); got["agentVersion"] != "5.5.0" {
			t.Errorf("forgot metadata/sync: %v", got)
		}
	})
}

// A probe asks for no work: faults that are aimed at work, or counted, do not meet
// it, and those that silence the node do.
func TestFaultsAndProbes(t *testing.T) {
	probe := func(t *testing.T, fault fakemds.Fault) (status int, err error) {
		cluster := fakemds.NewCluster(t, 1)
		cluster.Node(0).Inject(fault)
		client := &http.Client{Transport: &http.Transport{DialContext: cluster.DialContext, DisableKeepAlives: true}, Timeout: time.Second}
		resp, err := client.Post("http://"+cluster.Addrs()[0]+"/zbs/primarystorage/facts", "application/json", strings.NewReader("{}"))
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		if left := len(cluster.Node(0).Faults()); left != 1 {
			t.Errorf("%v: %d faults are left", fault, left)
		}
		return resp.StatusCode, nil
	}
	for _, row := range []struct {
		fault fakemds.Fault
		meets bool
	}{
		{fakemds.Hang, true}, {fakemds.Reset, true}, {fakemds.HangUp, true}, {fakemds.Status(503), true}, {fakemds.Status(404).On("facts"), true}, {fakemds.Slow(2 * time.Second), false}, {fakemds.Blackhole, true}, {fakemds.Refuse, true},
		{fakemds.Hang.Times(1), false}, {fakemds.Reset.On("facts"), false}, {fakemds.Status(503).Times(2), false}, {fakemds.ResetAfter, false}, {fakemds.HangAfter, false},
		{fakemds.StatusAfter(503), false}, {fakemds.AgentError("no"), false}, {fakemds.AgentBroken, false}, {fakemds.Truncate, false}, {fakemds.Garbage, false}, {fakemds.CallbackLost, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			status, err := probe(t, row.fault)
			if met := err != nil || status != 400; met != row.meets {
				t.Errorf("%v: status %d, %v; meets it %t, want %t", row.fault, status, err, met, row.meets)
			}
		})
	}
}
