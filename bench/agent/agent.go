package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Agent controls the process of an agent. It is safe for concurrent use.
type Agent struct {
	tb   testing.TB
	addr string

	mu      sync.Mutex // guards the fields below; one order at a time
	orders  io.WriteCloser
	reports *json.Decoder
}

// Start starts a healthy agent, which ends with the test. Its answers name one client,
// with number as its port.
func Start(tb testing.TB, number int) *Agent {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", envNumber, number),
		"GORACE=atexit_sleep_ms=0") // without this it ends a second late under the race detector
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		late := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("agent %d: %v", number, err)
		}
	})
	a := &Agent{tb: tb, orders: in, reports: json.NewDecoder(out)}
	var first report
	if err := a.reports.Decode(&first); err != nil {
		tb.Fatalf("agent %d does not start: %v", number, err)
	}
	a.addr = fmt.Sprintf("127.0.0.1:%d", first.Port)
	return a
}

// StartAll starts n agents, numbered from 1.
func StartAll(tb testing.TB, n int) []*Agent {
	tb.Helper()
	agents := make([]*Agent, n)
	for i := range agents {
		agents[i] = Start(tb, i+1)
	}
	return agents
}

// Addrs returns the addresses of the agents, HOST:PORT.
func Addrs(agents []*Agent) []string {
	addrs := make([]string, len(agents))
	for i, a := range agents {
		addrs[i] = a.addr
	}
	return addrs
}

// Addr returns HOST:PORT of the agent.
func (a *Agent) Addr() string { return a.addr }

// Set makes the agent behave as m says. It returns when that is in effect.
func (a *Agent) Set(m Mode) {
	a.tb.Helper()
	a.order(order{Mode: &m})
}

// Counts returns what reached the agent since the last Reset.
func (a *Agent) Counts() Counts {
	a.tb.Helper()
	return a.order(order{}).Counts
}

// Executions returns how often each volume was cloned since the last Reset.
func (a *Agent) Executions() map[string]int {
	a.tb.Helper()
	return a.order(order{Volumes: true}).Volumes
}

// Reset sets all counts to zero.
func (a *Agent) Reset() {
	a.tb.Helper()
	a.order(order{Reset: true})
}

func (a *Agent) order(o order) (r report) {
	a.tb.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	line, err := json.Marshal(o)
	if err == nil {
		_, err = a.orders.Write(append(line, '\n'))
	}
	if err == nil {
		err = a.reports.Decode(&r)
	}
	if err == nil && r.Err != "" {
		err = errors.New(r.Err)
	}
	if err != nil {
		a.tb.Fatalf("agent at %s: %v", a.addr, err)
	}
	return r
}
