package mds_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"
	"go.uber.org/goleak"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

var busyPath = zbs.CBDPath{PhysicalPool: "pp2", Path: zbs.Path{Pool: "lp2", Volume: "busy"}}

const (
	clientsURL = "http://mds-a:7763/zbs/primarystorage/volume/clients"
	queryURL   = "http://mds-a:7763/zbs/primarystorage/volume/query"
)

// mocked returns a Caller for the one MDS mds-a, whose agent it knows and whose HTTP
// goes to transport.
func mocked(t *testing.T, transport http.RoundTripper, opts ...mds.Option) *mds.Caller {
	t.Helper()
	c, err := mds.New([]string{"mds-a"}, append([]mds.Option{
		mds.WithTransport(transport), mds.WithMountedCallbacks("http://caller:80/cb"),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return mds.Recognised(c)
}

func TestSyncRequestOnTheWire(t *testing.T) {
	transport := httpmock.NewMockTransport()
	var got *http.Request
	var body map[string]any
	transport.RegisterResponder(http.MethodPost, clientsURL, func(r *http.Request) (*http.Response, error) {
		got = r
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		return httpmock.NewStringResponse(200, `{"success": true, "error": "", "clients": []}`), nil
	})
	c := mocked(t, transport, mds.WithStorageID("ps-1"))
	if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: busyPath}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"uuid": "ps-1", "addr": "mds-a", "path": "cbd:pp2/lp2/busy"}, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if ct := got.Header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("Content-Type %q: the agent refuses form encoding", ct)
	}
	if got.ContentLength <= 0 || len(got.TransferEncoding) > 0 {
		t.Errorf("Content-Length %d, Transfer-Encoding %v: want a length", got.ContentLength, got.TransferEncoding)
	}
	if got.URL.RawQuery != "" {
		t.Errorf("query string %q: the agent answers 404 to any", got.URL.RawQuery)
	}
	for _, h := range []string{zbs.HeaderTaskID, zbs.HeaderCallbackURL} {
		if v := got.Header.Get(h); v != "" {
			t.Errorf("header %s is %q: a sync endpoint refuses it", h, v)
		}
	}
}

func TestAsyncRequestOnTheWire(t *testing.T) {
	transport := httpmock.NewMockTransport()
	c := mocked(t, transport)
	ids := make(map[string]bool)
	transport.RegisterResponder(http.MethodPost, queryURL, func(r *http.Request) (*http.Response, error) {
		id := r.Header.Get(zbs.HeaderTaskID)
		if len(id) != 32 || ids[id] {
			t.Errorf("task id %q, want a fresh one of 32 digits", id)
		}
		ids[id] = true
		if u := r.Header.Get(zbs.HeaderCallbackURL); u != "http://caller:80/cb" {
			t.Errorf("callback URL %q", u)
		}
		// The callback overtakes the response.
		status := deliver(c, id, `{"success": true, "error": "", "size": "123", "actualSize": 45}`)
		if status != http.StatusOK {
			t.Errorf("callback was answered %d", status)
		}
		if again := deliver(c, id, `{"success": true, "size": 999}`); again == http.StatusOK {
			t.Errorf("a second callback was taken")
		}
		return httpmock.NewStringResponse(200, ""), nil
	})
	for range 3 {
		info, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: busyPath})
		if diff := cmp.Diff(zbs.VolumeInfo{Size: 123, ActualSize: 45}, info); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

// deliver posts a callback and returns the status it was answered with.
func deliver(c *mds.Caller, id, body string) int {
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://caller/cb", strings.NewReader(body))
	r.Header.Set(zbs.HeaderTaskID, id)
	return deliverRequest(c, r)
}

func deliverRequest(c *mds.Caller, r *http.Request) int {
	w := &statusWriter{header: make(http.Header)}
	c.CallbackHandler().ServeHTTP(w, r)
	return w.status
}

// Goroutines of real sockets must not outlive the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header         { return w.header }
func (w *statusWriter) WriteHeader(status int)      { w.status = status }
func (w *statusWriter) Write(b []byte) (int, error) { return len(b), nil }

const notFoundPage = `<html><head><title>404 Not Found</title></head><body>
<h2>404 Not Found</h2>
<p>The path &#39;/zbs/primarystorage/nope&#39;
was not found.</p><pre id="traceback">File "x.py"</pre></body></html>`

func TestResponsesThatAreNoAnswer(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		header http.Header
		body   string
		phase  mds.Phase
		says   string
	}{
		{"HTML of a 404", 404, nil, notFoundPage, mds.PhaseWait, "HTTP status 404: The path '/zbs/primarystorage/nope' was not found."},
		{"500 without a page", 500, nil, "", mds.PhaseWait, "HTTP status 500"},
		{"a redirect is not followed", 302, http.Header{"Location": {"http://elsewhere/"}}, "", mds.PhaseWait, "HTTP status 302"},
		{"204 is no answer", 204, nil, "", mds.PhaseWait, "HTTP status 204"},
		{"HTML with status 200", 200, nil, "<html>", mds.PhaseDecode, "no JSON object"},
		{"JSON of somebody else", 200, nil, `{"status":"ok"}`, mds.PhaseDecode, `no "clients"`},
		{"a traceback of the agent", 200, http.Header{"Error": {""}}, "Traceback:\n  File x\nKeyError: 7\n", mds.PhaseDecode, "the agent broke: KeyError: 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transport := httpmock.NewMockTransport()
			transport.RegisterResponder(http.MethodPost, clientsURL, func(*http.Request) (*http.Response, error) {
				r := httpmock.NewStringResponse(tc.status, tc.body)
				for k, v := range tc.header {
					r.Header[k] = v
				}
				return r, nil
			})
			c := mocked(t, transport)
			_, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: busyPath}, mds.TryNext())
			walk, ok := errors.AsType[*mds.CallError](err)
			if !ok || len(walk.Attempts) != 1 {
				t.Fatalf("error %v, want a CallError of one attempt", err)
			}
			a := walk.Attempts[0]
			if a.Phase != tc.phase || a.Status != tc.status || !a.Sent || !strings.Contains(a.Err.Error(), tc.says) {
				t.Errorf("attempt %+v, want phase %s, status %d and %q", a, tc.phase, tc.status, tc.says)
			}
			if status, ok := errors.AsType[*mds.StatusError](err); ok != (tc.status != 200) || ok && status.Status != tc.status {
				t.Errorf("StatusError %v for status %d", status, tc.status)
			}
		})
	}
}

func TestCallbackThatIsNoAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		header     http.Header
		phase      mds.Phase
		match      error
	}{
		{"garbage", "garbage", nil, mds.PhaseDecode, zbs.ErrMalformed},
		{"empty", "", nil, mds.PhaseDecode, zbs.ErrMalformed},
		{"too long", `{"pad":"` + strings.Repeat("x", 16<<20) + `"}`, nil, mds.PhaseDecode, zbs.ErrMalformed},
		{"traceback", "Traceback\nKeyError: 7", http.Header{"Error": {"x"}}, mds.PhaseDecode, zbs.ErrMalformed},
		{"refusal", `{"success": false, "error": "no"}`, nil, mds.PhaseAgent, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transport := httpmock.NewMockTransport()
			c := mocked(t, transport)
			transport.RegisterResponder(http.MethodPost, queryURL, func(r *http.Request) (*http.Response, error) {
				cb, _ := http.NewRequest(http.MethodPost, "http://caller/cb", strings.NewReader(tc.body))
				for k, v := range tc.header {
					cb.Header[k] = v
				}
				cb.Header.Set(zbs.HeaderTaskID, r.Header.Get(zbs.HeaderTaskID))
				deliverRequest(c, cb)
				return httpmock.NewStringResponse(200, ""), nil
			})
			_, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: busyPath})
			walk, ok := errors.AsType[*mds.CallError](err)
			if !ok || walk.Attempts[0].Phase != tc.phase || !walk.Attempts[0].Sent {
				t.Fatalf("error %v, want one attempt of phase %s", err, tc.phase)
			}
			if tc.match != nil && !errors.Is(err, tc.match) {
				t.Errorf("error %v does not match %v", err, tc.match)
			}
		})
	}
}

// A delivery that breaks off is not taken: the agent delivers again.
func TestBrokenCallbackLeavesTheTask(t *testing.T) {
	transport := httpmock.NewMockTransport()
	c := mocked(t, transport)
	transport.RegisterResponder(http.MethodPost, queryURL, func(r *http.Request) (*http.Response, error) {
		id := r.Header.Get(zbs.HeaderTaskID)
		cut, _ := http.NewRequest(http.MethodPost, "http://caller/cb", io.MultiReader(strings.NewReader(`{"size"`), brokenReader{}))
		cut.Header.Set(zbs.HeaderTaskID, id)
		func() {
			defer func() {
				if recover() != http.ErrAbortHandler {
					t.Error("the broken delivery was answered")
				}
			}()
			deliverRequest(c, cut)
		}()
		get, _ := http.NewRequest(http.MethodGet, "http://caller/cb", nil)
		get.Header.Set(zbs.HeaderTaskID, id)
		if status := deliverRequest(c, get); status != http.StatusMethodNotAllowed {
			t.Errorf("a GET was answered %d", status)
		}
		deliver(c, id, `{"size": 7}`)
		return httpmock.NewStringResponse(200, ""), nil
	})
	info, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: busyPath})
	if err != nil || info.Size != 7 {
		t.Errorf("%+v, %v; want the size of the second delivery", info, err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// The response of an asynchronous request may hang although its callback came.
func TestCallbackWithoutResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := httpmock.NewMockTransport()
		c := mocked(t, transport)
		transport.RegisterResponder(http.MethodPost, queryURL, func(r *http.Request) (*http.Response, error) {
			deliver(c, r.Header.Get(zbs.HeaderTaskID), `{"size": 7}`)
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		info, err := mds.Call(t.Context(), c, zbs.QueryVolume{Path: busyPath})
		if err != nil || info.Size != 7 {
			t.Errorf("%+v, %v; want the answer of the callback", info, err)
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("took %v, want the grace of 100ms for the response", took)
		}
	})
}

func TestNewRefusesEverythingBadAtOnce(t *testing.T) {
	_, err := mds.New([]string{"mds-a", "root:S3cret@", "mds b"},
		mds.WithConnectTimeout(0), mds.WithAttemptTimeout(-1), mds.WithConnections(7), mds.WithRetries(-1),
		mds.WithBreaker(0, time.Second), mds.WithDialContext(nil), mds.WithTransport(nil), mds.WithLogger(nil),
		mds.WithRouter(nil), mds.WithCallbackListener(nil), mds.WithCallbackURL("ftp://x"), mds.WithMountedCallbacks("http://u:S3cret@h/"))
	if !errors.Is(err, mds.ErrInvalidOption) || !errors.Is(err, zbs.ErrInvalidAddr) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"connect time-out", "attempt time-out", "7 connections", "retries", "breaker", "dial function",
		"transport", "logger", "router", "listener", `"ftp://x"`, "credentials", "MDS 2 of 3", "MDS 3 of 3"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "S3cret") {
		t.Errorf("error tells a password:\n%v", err)
	}
	if _, err := mds.New(nil); !errors.Is(err, mds.ErrNoCandidates) {
		t.Errorf("empty list: %v, want ErrNoCandidates", err)
	}
}

func TestInvalidCommandIsNotSent(t *testing.T) {
	transport := httpmock.NewMockTransport()
	c := mocked(t, transport)
	bad := busyPath
	bad.Volume = "v;reboot"
	if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: bad}); !errors.Is(err, zbs.ErrInvalidName) {
		t.Errorf("error %v, want ErrInvalidName", err)
	}
	if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Target(zbs.Addr{Host: "other", Port: 1})); !errors.Is(err, mds.ErrNoCandidates) {
		t.Errorf("target outside the list: %v, want ErrNoCandidates", err)
	}
	c.Close()
	if _, err := mds.Call(t.Context(), c, zbs.Echo{}); !errors.Is(err, mds.ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
	if n := transport.GetTotalCallCount(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
