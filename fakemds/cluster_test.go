package fakemds_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

const vol = "cbd:pp/lp/vol"

// bubble runs a test of n nodes in virtual time.
func bubble(t *testing.T, n int, f func(t *testing.T, c *fakemds.Cluster), opts ...fakemds.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t, fakemds.NewCluster(t, n, opts...))
	})
}

// caller is a plain HTTP client of a fake cluster with a receiver of callbacks.
type caller struct {
	t     *testing.T
	c     *fakemds.Cluster
	http  *http.Client
	url   string
	calls chan callback
	tasks int
}

type callback struct {
	at     time.Time
	method string
	path   string
	task   string
	body   string
	err    error
}

func newCaller(t *testing.T, c *fakemds.Cluster) *caller {
	tr := &http.Transport{DialContext: c.DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	k := &caller{t: t, c: c, http: &http.Client{Transport: tr}, calls: make(chan callback, 100)}
	k.url = k.receiver(http.StatusOK)
	return k
}

// receiver serves callbacks and answers all with the status.
func (k *caller) receiver(status int) string {
	ln, err := k.c.Listen()
	if err != nil {
		k.t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		k.calls <- callback{time.Now(), r.Method, r.URL.RequestURI(), r.Header.Get("taskuuid"), string(body), err}
		w.WriteHeader(status)
	})}
	go srv.Serve(ln)
	k.t.Cleanup(func() { srv.Close() })
	return "http://" + ln.Addr().String() + "/cb"
}

// post sends one request; headers are pairs.
func (k *caller) post(node int, endpoint, body string, headers ...string) (int, string, error) {
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Hour)
	defer cancel()
	return k.postContext(ctx, node, endpoint, body, headers...)
}

func (k *caller) postContext(ctx context.Context, node int, endpoint, body string, headers ...string) (int, string, error) {
	return k.postTo(ctx, k.c.Node(node).Addr(), endpoint, body, headers...)
}

func (k *caller) postTo(ctx context.Context, addr, endpoint, body string, headers ...string) (int, string, error) {
	url := "http://" + addr + "/zbs/primarystorage/" + endpoint
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	var got bytes.Buffer
	_, err = got.ReadFrom(resp.Body)
	return resp.StatusCode, got.String(), err
}

// async posts with the headers of an asynchronous call.
func (k *caller) async(node int, endpoint, body string) (string, error) {
	k.tasks++
	id := fmt.Sprintf("task-%d", k.tasks)
	status, got, err := k.post(node, endpoint, body, "taskuuid", id, "callbackurl", k.url)
	if err == nil && (status != http.StatusOK || got != "") {
		err = fmt.Errorf("POST answered %d %q, want 200 and nothing", status, got)
	}
	return id, err
}

// call makes an asynchronous call and returns its decoded result.
func (k *caller) call(node int, endpoint, body string) map[string]any {
	k.t.Helper()
	if _, err := k.async(node, endpoint, body); err != nil {
		k.t.Fatal(err)
	}
	select {
	case cb := <-k.calls:
		return k.decode(cb.body)
	case <-time.After(time.Hour):
		k.t.Fatalf("%s: no callback within an hour", endpoint)
		return nil
	}
}

func (k *caller) decode(body string) map[string]any {
	k.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		k.t.Fatalf("%v in %q", err, body)
	}
	return m
}

func (k *caller) clients(node int, path string) (string, error) {
	_, body, err := k.post(node, "volume/clients", `{"path": "`+path+`"}`)
	return body, err
}

// clientsAt asks the address.
func (k *caller) clientsAt(addr, path string) (string, error) {
	_, body, err := k.postTo(k.t.Context(), addr, "volume/clients", `{"path": "`+path+`"}`)
	return body, err
}

const openBody = `{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}`

func TestClientsInMemory(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol, "10.0.0.5")
		k := newCaller(t, c)
		for i := range c.Addrs() {
			if got, err := k.clients(i, vol); err != nil || got != openBody {
				t.Errorf("node %d: got %q, %v", i, got, err)
			}
		}
		if got := c.Executed("volume/clients"); got != 2 {
			t.Errorf("executed %d times, want 2", got)
		}
	})
}

func TestAsyncInMemory(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.AddVolume(vol)
		k := newCaller(t, c)
		if got := k.call(0, "volume/query", `{"path":"`+vol+`"}`); got["size"] != float64(10<<30) {
			t.Errorf("got %v", got)
		}
		if got := k.call(0, "facts", ``); got["version"] != "1.6.2" {
			t.Errorf("got %v", got)
		}
		if got := k.call(0, "capacity", `{}`); len(got["logicalPoolInfos"].([]any)) != 1 {
			t.Errorf("got %v", got)
		}
	})
}

func TestRefused(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		c.Node(0).Inject(fakemds.Refuse)
		_, err := newCaller(t, c).clients(0, vol)
		var op *net.OpError
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("got %v, want a refused dial", err)
		}
	})
}
