package mds

import (
	"io"
	"net/http"
	"testing"

	"github.com/zbsclient/zbsclient/mds/internal/callback"
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
	task := c.shared.receiver.Register(callback.NewTaskID(), "http://caller/cb")
	task.Done <- callback.Result{Header: http.Header{}, Body: []byte(`{"size": 7}`)}
	a := newAttempt(t.Context(), c.cluster.servers[0], c.AttemptTimeout())
	defer a.end()
	a.fail(PhaseWait, faulted, io.ErrUnexpectedEOF)
	a.await(t.Context(), op{endpoint: zbs.EndpointVolumeQuery, decode: decoderOf[zbs.VolumeInfo]}, task)
	if info, ok := a.answer.(zbs.VolumeInfo); !ok || info.Size != 7 || a.Err != nil {
		t.Errorf("%+v, %v; want the answer of the callback", a.Attempt, a.answer)
	}
}

// A closed Caller opens no listener.
func TestClosedCallerListensNoMore(t *testing.T) {
	c, err := New([]string{"127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	a := newAttempt(t.Context(), c.cluster.servers[0], c.AttemptTimeout())
	defer a.end()
	a.askAsync(t.Context(), op{endpoint: zbs.EndpointVolumeQuery, decode: decoderOf[zbs.VolumeInfo]})
	if a.outcome != unsent || a.health() != neutral || a.Phase != PhaseDial {
		t.Errorf("outcome %d, health %d, phase %s: %v", a.outcome, a.health(), a.Phase, a.Err)
	}
}
