package mds

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

// A callback that is there when the broken response is seen counts, whichever
// of the two the attempt noticed first.
func TestAwaitPrefersTheCallback(t *testing.T) {
	c, err := New([]string{"mds-a"}, WithMountedCallbacks("http://caller/cb"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	waiting := c.receiver.register(newTaskID(), "http://caller/cb")
	waiting.done <- callback{header: http.Header{}, body: []byte(`{"size": 7}`)}
	broken := response{}.failed(PhaseWait, faulted, io.ErrUnexpectedEOF)
	o := op{endpoint: zbs.EndpointVolumeQuery, decode: decoderOf[zbs.VolumeInfo]}
	r := c.await(t.Context(), waiting, c.nodes[0], o, broken)
	if info, ok := r.answer.(zbs.VolumeInfo); !ok || info.Size != 7 || r.Err != nil {
		t.Errorf("%+v, want the answer of the callback", r)
	}
}

// The Caller's own listener, on real sockets, names an address that routes.
func TestCallbackURL(t *testing.T) {
	c, err := New([]string{"127.0.0.1:1", "[::1]:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first, err := c.callbackURL(t.Context(), c.nodes[0])
	if err != nil || !strings.HasPrefix(first, "http://127.0.0.1:") || !strings.HasSuffix(first, callbackPath) {
		t.Errorf("%s, %v; want the loopback address for an MDS on loopback", first, err)
	}
	if second, err := c.callbackURL(t.Context(), c.nodes[0]); second != first || err != nil {
		t.Errorf("%s, %v; want the same listener again", second, err)
	}
	named, err := New([]string{"127.0.0.1:1"}, WithCallbackURL("http://outside:99/cb"))
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	if u, err := named.callbackURL(t.Context(), named.nodes[0]); u != "http://outside:99/cb" || err != nil {
		t.Errorf("%s, %v; want the URL that was set", u, err)
	}
	resp, err := http.Post(first, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a callback of no task was answered %d", resp.StatusCode)
	}
	c.Close()
	if _, err := c.callbackURL(t.Context(), c.nodes[0]); err == nil {
		t.Error("a closed Caller listens again")
	}
	if conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(first, "http://"), callbackPath)); err == nil {
		conn.Close()
		t.Error("the listener outlives its Caller")
	}
}
