package client_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/bench/client"
)

func TestMain(m *testing.M) {
	agent.Main()
	os.Exit(m.Run())
}

func newClient(t *testing.T, kind client.Kind, agents []*agent.Agent, attemptTimeout time.Duration) (client.Client, context.Context) {
	t.Helper()
	c, err := kind.New(agent.Addrs(agents), attemptTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return c, ctx
}

func TestEveryClientReadsAndWrites(t *testing.T) {
	agents := agent.StartAll(t, 3)
	for _, kind := range append(client.Survivors(), client.Baseline(), client.FreshTransport()) {
		t.Run(kind.Name, func(t *testing.T) {
			for _, a := range agents {
				a.Reset()
			}
			c, ctx := newClient(t, kind, agents, client.DefaultAttemptTimeout)
			answer, err := c.Read(ctx)
			if err != nil || len(answer.Clients) != 1 || answer.Clients[0].Port < 1 || answer.Clients[0].Port > 3 {
				t.Errorf("read %+v, %v; want one client, whose port tells the agent", answer, err)
			}
			if err := c.Write(ctx, "clone-1"); err != nil {
				t.Errorf("write: %v", err)
			}
			var sum agent.Counts
			for _, a := range agents {
				n := a.Counts()
				sum.Requests += n.Requests
				sum.Executions += n.Executions
			}
			if sum.Requests != 2 || sum.Executions != 1 {
				t.Errorf("%d requests and %d executions, want 2 and 1", sum.Requests, sum.Executions)
			}
		})
	}
}

// The tables compare how long a client takes to get past an MDS, so every client must
// be set up to get past one at all.
func TestEveryClientPassesOverAnMDS(t *testing.T) {
	agents := agent.StartAll(t, 3)
	for _, tc := range []struct {
		name string
		kind agent.Kind
	}{{"refuse", agent.Refuse}, {"hang", agent.Hang}, {"503", agent.Unavailable}} {
		agents[0].Set(agent.Mode{Kind: tc.kind})
		for _, kind := range client.Survivors() {
			t.Run(tc.name+"/"+kind.Name, func(t *testing.T) {
				c, ctx := newClient(t, kind, agents, 100*time.Millisecond)
				for range 3 { // a client that rotates the addresses reaches the first MDS by then
					if answer, err := c.Read(ctx); err != nil || answer.Clients[0].Port == 1 {
						t.Errorf("read %+v, %v; want an answer of another MDS", answer, err)
					}
				}
			})
		}
	}
}
