package agent_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/bench/agent"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestMain(m *testing.M) {
	agent.Main()
	os.Exit(m.Run())
}

const (
	soon = 100 * time.Millisecond // an event that has not happened by then does not happen
	late = 5 * time.Second        // an event that has not happened by then fails the test
)

func post(client *http.Client, within time.Duration, url, body string, header ...string) (int, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func clientsURL(a *agent.Agent) string {
	return "http://" + a.Addr() + zbs.EndpointVolumeClients.Path()
}
func cloneURL(a *agent.Agent) string { return "http://" + a.Addr() + zbs.EndpointVolumeClone.Path() }

func read(client *http.Client, a *agent.Agent, within time.Duration) (int, string, error) {
	return post(client, within, clientsURL(a), `{"addr":"127.0.0.1","path":"cbd:pp/lp/v"}`)
}

func TestHealthyAgentAnswersWithItsNumber(t *testing.T) {
	a, client := agent.Start(t, 7), newClient(t)
	a.Set(agent.Mode{Service: 20 * time.Millisecond})
	start := time.Now()
	status, answer, err := read(client, a, late)
	if want := `{"success":true,"error":"","clients":[{"ip":"10.0.0.5","port":7}]}`; err != nil || status != 200 || answer != want {
		t.Errorf("%d, %s, %v; want %s", status, answer, err, want)
	}
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("answered after %v, before its service time", took)
	}
	if got, want := a.Counts(), (agent.Counts{Requests: 1, Accepted: 1, Open: 1, MostOpen: 1}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	a.Reset()
	if got, want := a.Counts(), (agent.Counts{Open: 1, MostOpen: 1}); got != want {
		t.Errorf("after a reset %+v, want %+v", got, want)
	}
}

func TestHungAgentReadsAndNeverAnswers(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	a.Set(agent.Mode{Kind: agent.Hang})
	if _, _, err := read(client, a, soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want a time-out", err)
	}
	if got := a.Counts().Requests; got != 1 {
		t.Errorf("%d requests received, want 1", got)
	}
	a.Set(agent.Mode{})
	if _, _, err := read(client, a, late); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func TestRefusingAgentCutsAndReturns(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	if _, _, err := read(client, a, late); err != nil {
		t.Fatal(err)
	}
	a.Set(agent.Mode{Kind: agent.Refuse})
	if _, _, err := read(client, a, late); err == nil {
		t.Error("answered over the open connection")
	}
	if _, err := net.Dial("tcp", a.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want a refused connection", err)
	}
	a.Set(agent.Mode{})
	if _, _, err := read(client, a, late); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func TestBlackHoleIsSilent(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	if _, _, err := read(client, a, late); err != nil {
		t.Fatal(err)
	}
	a.Set(agent.Mode{Kind: agent.Blackhole})
	for range 3 {
		_, err := net.DialTimeout("tcp", a.Addr(), soon)
		if failed, ok := errors.AsType[net.Error](err); !ok || !failed.Timeout() {
			t.Errorf("dial: %v, want a time-out", err)
		}
	}
	if _, _, err := read(client, a, soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("over the open connection: %v, want a time-out", err)
	}
	if got := a.Counts().Requests; got != 1 {
		t.Errorf("%d requests received, want the one from before", got)
	}
	a.Set(agent.Mode{})
	if _, _, err := read(client, a, late); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func TestUnavailableAgentExecutesNothing(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	a.Set(agent.Mode{Kind: agent.Unavailable})
	status, _, err := post(client, late, cloneURL(a), `{"dstVolume":"v"}`, zbs.HeaderTaskID, "1")
	if err != nil || status != 503 {
		t.Errorf("%d, %v; want 503", status, err)
	}
	if got := a.Counts().Executions; got != 0 {
		t.Errorf("%d executions", got)
	}
}

func TestAgentExecutesThenFails(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	a.Set(agent.Mode{Kind: agent.RunAndReset})
	if _, _, err := post(client, late, cloneURL(a), `{"dstVolume":"v"}`, zbs.HeaderTaskID, "1"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v, want a reset", err)
	}
	a.Set(agent.Mode{Kind: agent.RunAnd503})
	for task := 1; task <= 3; task++ { // the first task is in flight already, and dropped
		status, _, err := post(client, late, cloneURL(a), `{"dstVolume":"v"}`, zbs.HeaderTaskID, fmt.Sprint(task))
		if err != nil || status != 503 {
			t.Errorf("%d, %v; want 503", status, err)
		}
	}
	if got := a.Executions(); len(got) != 1 || got["v"] != 3 {
		t.Errorf("executions %v, want three of v", got)
	}
}

func TestCloneIsCalledBack(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	called := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		called <- r.Header.Get(zbs.HeaderTaskID) + " " + string(body)
	}))
	defer receiver.Close()
	status, answer, err := post(client, late, cloneURL(a), `{"dstVolume":"v"}`, zbs.HeaderTaskID, "t-1", zbs.HeaderCallbackURL, receiver.URL)
	if err != nil || status != 200 || answer != "" {
		t.Errorf("%d, %q, %v; want an empty 200", status, answer, err)
	}
	select {
	case got := <-called:
		if want := `t-1 {"success":true,"error":"","installPath":"cbd:pp/lp/v","size":1073741824}`; got != want {
			t.Errorf("called back with %s, want %s", got, want)
		}
	case <-time.After(late):
		t.Error("never called back")
	}
}

func TestSilentConnectionsHoldTheThreads(t *testing.T) {
	a, client := agent.Start(t, 1), newClient(t)
	a.Set(agent.Mode{Kind: agent.Limited})
	if _, _, err := read(client, a, late); err != nil { // its connection holds no thread from here on
		t.Fatal(err)
	}
	var silent []net.Conn
	for i := range agent.Threads {
		c, err := net.Dial("tcp", a.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
		wait(t, func() bool { return a.Counts().Accepted == i+2 }) // the backlog takes few at once
	}
	wait(t, func() bool { return a.Counts().Silent == agent.Threads })
	if _, _, err := read(client, a, soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want a time-out: every thread is held", err)
	}
	silent[0].Close()
	if _, _, err := read(client, a, late); err != nil {
		t.Errorf("with a thread free: %v", err)
	}
}

func TestClientResetsAreCounted(t *testing.T) {
	a := agent.Start(t, 1)
	c, err := net.Dial("tcp", a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return a.Counts().Open == 1 })
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	wait(t, func() bool { n := a.Counts(); return n.Resets == 1 && n.Open == 0 })
}

// wait waits until a condition holds that another process brings about.
func wait(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(late); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never happens")
		}
	}
}
