package fakemds_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestConcurrentUse does everything at once, for the race detector, and proves
// that the ledger and the storage agree: what was executed happened once.
func TestConcurrentUse(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *fakemds.Cluster) {
		c.AddPool("lp", "pp")
		k := newCaller(t, c)
		k.calls = make(chan callback, 10000)
		faults := []fakemds.Fault{fakemds.Reset, fakemds.LoseReply, fakemds.Status(500), fakemds.Truncate,
			fakemds.CallbackTwice, fakemds.CallbackLost, fakemds.Refuse, fakemds.Slow(time.Second), fakemds.HangUp}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for i := range 40 {
					n := c.Node(r.IntN(3))
					switch r.IntN(8) {
					case 0:
						n.Inject(faults[r.IntN(len(faults))].Times(1))
					case 1:
						n.Restart()
						n.Sync("5.5.0")
					}
					name := fmt.Sprintf("v-%d-%d", w, i)
					k.post(r.IntN(3), "volume/create", `{"logicalPool":"lp","volume":"`+name+`","size":1}`,
						"taskuuid", name, "callbackurl", k.url)
					k.clients(r.IntN(3), "cbd:pp/lp/"+name)
					c.Volumes()
					c.Requests()
					n.Conns()
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Hour)
		done := 0
		for _, r := range c.Requests() {
			if r.Endpoint == "volume/create" && r.Executed && r.Failure == "" {
				done++
			}
		}
		if made := len(c.Volumes()); made != done || made == 0 {
			t.Errorf("%d volumes, but %d creates executed", made, done)
		}
	})
}

// TestNodesOf checks the small things that only programs and other tests use.
func TestNodesOf(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		c.AddVolume("zbs://made/v")
		k := newCaller(t, c)
		if got, _ := k.clients(0, vol); strings.Contains(got, "10.0.0.5") {
			t.Errorf("an unsynced agent lists clients: %s", got)
		}
		if got := k.call(0, "ping", ping); got["agentVersion"] != nil || got["success"] != true {
			t.Errorf("an unsynced agent pings %v", got)
		}
		if got := fmt.Sprint(c.Asked(""), c.Asked("ping"), c.ExecutedBy("ping"), c.Len()); got != "[2 0] [1 0] [1 0] 2" {
			t.Errorf("counts: %s", got)
		}
		if got := fmt.Sprint(c.Pools()); got != "[{lp pp 1} {made pp-made 1}]" {
			t.Errorf("pools: %s", got)
		}
		n := c.Node(0)
		n.ResetLedger()
		if len(n.Requests()) != 0 || n.Executed("") != 0 {
			t.Error("the ledger was not reset")
		}
		if n.Host() != "mds-0.fake" || n.Addr() != "mds-0.fake:7763" {
			t.Errorf("%s, %s", n.Host(), n.Addr())
		}
	}, fakemds.Unsynced())
}

// TestOnAddrs puts a node where it was told, and says so when it cannot.
func TestOnAddrs(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if c, err := fakemds.Start(1, fakemds.OnAddrs(addr)); err == nil {
		c.Close()
		t.Error("two listeners at one address")
	}
	ln.Close()
	c := fakemds.NewCluster(t, 2, fakemds.OnAddrs(addr))
	if c.Addrs()[0] != addr || c.Addrs()[1] == addr {
		t.Errorf("%v, want %s first", c.Addrs(), addr)
	}
	if _, err := fakemds.Start(0); err == nil {
		t.Error("a cluster of no nodes")
	}
}

// fakeTB takes down what a cluster tells its test.
type fakeTB struct{ fatal []string }

func (*fakeTB) Helper()                     {}
func (*fakeTB) Logf(string, ...any)         {}
func (*fakeTB) Cleanup(func())              {}
func (b *fakeTB) Fatalf(f string, a ...any) { b.fatal = append(b.fatal, fmt.Sprintf(f, a...)) }

// TestMistakes: a test that uses the cluster wrongly is told what is wrong.
func TestMistakes(t *testing.T) {
	for want, do := range map[string]func(c *fakemds.Cluster){
		`"vol" is neither zbs://POOL/VOLUME nor`:        func(c *fakemds.Cluster) { c.AddVolume("vol") },
		`no volume zbs://lp/x: add it first`:            func(c *fakemds.Cluster) { c.Open("zbs://lp/x", "h") },
		`no volume zbs://lp/y: add it first`:            func(c *fakemds.Cluster) { c.SetSize("zbs://lp/y", 1, 1) },
		`fault on endpoint "volume/client", want one`:   func(c *fakemds.Cluster) { c.Node(0).Inject(fakemds.Hang.On("volume/client")) },
		`client "10.0.0.5:x": the port is not a number`: func(c *fakemds.Cluster) { c.AddVolume("zbs://lp/v", "10.0.0.5:x") },
	} {
		tb := &fakeTB{}
		c := fakemds.NewCluster(tb, 1)
		do(c)
		c.Close()
		if len(tb.fatal) != 1 || !strings.Contains(tb.fatal[0], want) {
			t.Errorf("got %q, want %q", tb.fatal, want)
		}
	}
}

// FuzzBody sends any body to any endpoint of any generation: the answer is always JSON with
// success and error, and the node lives on.
func FuzzBody(f *testing.F) {
	handlers := fakemds.Handlers()
	raw := exchanges(f)
	for i, x := range raw {
		if len(x.Request.Body) < 1000 {
			f.Add(uint8(i), []byte(x.Request.Body))
			for j, h := range handlers {
				if strings.HasSuffix(x.Request.Path, h.Endpoint) {
					f.Add(uint8(j), []byte(x.Request.Body))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, endpoint uint8, body []byte) {
		h := handlers[int(endpoint)%len(handlers)]
		got := fakemds.Execute(h, body)
		var answer struct {
			Success *bool
			Error   *string
		}
		if h.Endpoint == "echo" && len(got) == 0 {
			return
		}
		if err := json.Unmarshal(got, &answer); err != nil || answer.Success == nil || answer.Error == nil {
			t.Errorf("%v answers %q: %v", h, got, err)
		}
	})
}
