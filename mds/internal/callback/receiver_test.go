package callback_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
	"github.com/zbsclient/zbsclient/zbs"
)

// deliver posts a body for the task id and returns the status, 0 for a delivery that
// was left unanswered.
func deliver(r *callback.Receiver, method, id string, body io.Reader) (status int) {
	defer func() {
		if recover() == http.ErrAbortHandler {
			status = 0
		}
	}()
	req := httptest.NewRequest(method, callback.Path, body)
	req.Header.Set(zbs.HeaderTaskID, id)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code
}

func TestDelivery(t *testing.T) {
	r := callback.New(callback.Config{MaxBody: 8})
	id := callback.NewTaskID()
	task := r.Register(id, "http://here")
	broken := io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF))
	for _, step := range []struct {
		name, method, id string
		body             io.Reader
		want             int
	}{
		{"an unknown task", "POST", "other", strings.NewReader("{}"), 404},
		{"not a POST", "GET", id, strings.NewReader("{}"), 405},
		{"a delivery that breaks off", "POST", id, broken, 0},
		{"the result", "POST", id, strings.NewReader("{}"), 200},
		{"the result again", "POST", id, strings.NewReader("{}"), 404},
	} {
		if got := deliver(r, step.method, step.id, step.body); got != step.want {
			t.Errorf("%s: status %d, want %d", step.name, got, step.want)
		}
	}
	if got := <-task.Done; string(got.Body) != "{}" || got.Err != nil || got.Header.Get(zbs.HeaderTaskID) != id {
		t.Errorf("result %+v", got)
	}

	long := r.Register(id, "")
	deliver(r, "POST", id, strings.NewReader("123456789"))
	if got := <-long.Done; !errors.Is(got.Err, zbs.ErrMalformed) {
		t.Errorf("a result of 9 bytes with a limit of 8 came to %v", got.Err)
	}
	r.Forget(r.Register(id, ""))
	if got := deliver(r, "POST", id, strings.NewReader("{}")); got != 404 {
		t.Errorf("a forgotten task takes a result: status %d", got)
	}
	if id == callback.NewTaskID() || len(id) != 32 {
		t.Errorf("task id %s", id)
	}
}

// The Receiver's own listener, on real sockets, names an address that routes.
func TestURLOfTheListener(t *testing.T) {
	r := callback.New(callback.Config{MaxBody: 8})
	if _, err := r.URL(t.Context(), "127.0.0.1:1"); !errors.Is(err, callback.ErrClosed) {
		t.Errorf("a URL without a listener: %v", err)
	}
	var last string
	for range 2 {
		if err := r.Listen(); err != nil {
			t.Fatal(err)
		}
		u, err := r.URL(t.Context(), "127.0.0.1:1")
		if err != nil || !strings.HasPrefix(u, "http://127.0.0.1:") || !strings.HasSuffix(u, callback.Path) || last != "" && u != last {
			t.Errorf("%s, %v after %s; want the loopback address and the same listener", u, err, last)
		}
		last = u
	}
	if _, err := r.URL(t.Context(), "127.0.0.1"); err == nil {
		t.Error("an address without a port has a route")
	}
	resp, err := http.Post(last, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a callback of no task was answered %d", resp.StatusCode)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := r.Listen(); !errors.Is(err, callback.ErrClosed) {
		t.Errorf("a closed Receiver listens again: %v", err)
	}
	if conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(last, "http://"), callback.Path)); err == nil {
		conn.Close()
		t.Error("the listener outlives its Receiver")
	}
}

// A listener of the user's is closed also when no task needed it, and a configured
// URL goes before its address.
func TestListenerOfTheUser(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := callback.New(callback.Config{Listener: l, URL: "http://outside:99/cb"})
	if u, err := r.URL(t.Context(), "127.0.0.1:1"); u != "http://outside:99/cb" || err != nil {
		t.Errorf("%s, %v; want the URL that was set", u, err)
	}
	r.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
	mounted := callback.New(callback.Config{Mounted: true, URL: "http://outside:99/cb"})
	if err := mounted.Listen(); err != nil {
		t.Error(err)
	}
	if err := mounted.Close(); err != nil {
		t.Error(err)
	}
}
