package mds

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jarcoal/httpmock"

	"github.com/zbsclient/zbsclient/zbs"
)

// exchange recorded from the real agent's code.
type recorded struct {
	Name    string
	Request struct {
		Path    string
		Headers map[string]string
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    string
	}
	Callback *struct {
		Headers map[string]string
		Body    string
	}
}

// decoders of every endpoint, as mds.Call has them by the command's type.
var decoders = map[string]func([]byte) (any, error){
	"echo":               decoderOf[zbs.EchoReply],
	"facts":              decoderOf[zbs.Facts],
	"ping":               decoderOf[zbs.PingReply],
	"metadata/sync":      decoderOf[zbs.Metadata],
	"capacity":           decoderOf[zbs.Capacity],
	"resource/usage":     decoderOf[zbs.ResourceUsage],
	"volume/create":      decoderOf[zbs.Created],
	"volume/delete":      decoderOf[zbs.Done],
	"volume/query":       decoderOf[zbs.VolumeInfo],
	"volume/query/batch": decoderOf[zbs.VolumeSizes],
	"volume/clone":       decoderOf[zbs.Created],
	"volume/expand":      decoderOf[zbs.Expanded],
	"volume/flatten":     decoderOf[zbs.VolumeInfo],
	"volume/cbdtonbd":    decoderOf[zbs.NBDExport],
	"volume/cleannbd":    decoderOf[zbs.Done],
	"volume/clients":     decoderOf[zbs.VolumeClients],
	"snapshot/create":    decoderOf[zbs.Created],
	"snapshot/delete":    decoderOf[zbs.Done],
	"snapshot/rollback":  decoderOf[zbs.Created],
	"copy":               decoderOf[zbs.Created],
	"client/deploy":      decoderOf[zbs.Done],
	"vhost/deploy":       decoderOf[zbs.Done],
	"vhost/destroy":      decoderOf[zbs.Done],
	"vhost/bdev/create":  decoderOf[zbs.Bdev],
	"vhost/bdev/delete":  decoderOf[zbs.Done],
}

func decoderOf[R any](body []byte) (any, error) { return zbs.DecodeAnswer[R](body) }

// TestReplay lets the client read every recorded response and callback.
func TestReplay(t *testing.T) {
	data, err := os.ReadFile("../testdata/wire/exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { replay(t, e) })
		})
	}
}

func replay(t *testing.T, e recorded) {
	name := strings.Trim(strings.TrimPrefix(e.Request.Path, zbs.Prefix), "/")
	name, _, _ = strings.Cut(name, "?")
	o := op{endpoint: zbs.Endpoint{Name: name, Mode: zbs.Sync, Repeat: zbs.Read}, command: struct{}{}, decode: decoders[name]}
	if o.decode == nil { // no endpoint: the recording is of a 404
		o.decode = decoderOf[zbs.Done]
	}
	for h := range e.Request.Headers {
		if strings.EqualFold(h, zbs.HeaderCallbackURL) && name != "volume/clients" {
			o.endpoint.Mode = zbs.Async
		}
	}
	transport := httpmock.NewMockTransport()
	c, err := New([]string{"mds-a"}, WithTransport(transport), WithMountedCallbacks("http://caller/cb"))
	if err != nil {
		t.Fatal(err)
	}
	defer Recognised(c).Close()
	transport.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		if e.Callback != nil {
			cb, _ := http.NewRequest(http.MethodPost, "http://caller/cb", strings.NewReader(e.Callback.Body))
			cb.Header.Set(zbs.HeaderTaskID, r.Header.Get(zbs.HeaderTaskID))
			c.CallbackHandler().ServeHTTP(discard{}, cb)
		}
		resp := httpmock.NewStringResponse(e.Response.Status, e.Response.Body)
		for k, v := range e.Response.Headers {
			resp.Header.Set(k, v)
		}
		return resp, nil
	})
	answer, err := c.call(t.Context(), o, func() error { return nil }, nil)
	checkReplayed(t, e, o, answer, err)
}

// checkReplayed says what the recording must come to, from its JSON alone.
func checkReplayed(t *testing.T, e recorded, o op, answer any, err error) {
	body := e.Response.Body
	switch {
	case e.Response.Status != http.StatusOK:
		if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != e.Response.Status || status.Text == "" {
			t.Errorf("status %d with a page came to %v", e.Response.Status, err)
		}
		return
	case o.endpoint.Mode == zbs.Async && e.Callback == nil:
		if walk, ok := errors.AsType[*CallError](err); !ok || walk.Attempts[0].Phase != PhaseCallback || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("no callback came to %v", err)
		}
		return
	case o.endpoint.Mode == zbs.Async:
		body = e.Callback.Body
	case o.endpoint.Name == "echo" || body == "":
		if (err == nil) != (o.endpoint.Name == "echo") {
			t.Errorf("empty body came to %v", err)
		}
		return
	}
	var want struct {
		Success bool
		Error   string
	}
	if json.Unmarshal([]byte(body), &want) != nil {
		if !errors.Is(err, zbs.ErrMalformed) {
			t.Errorf("a recording that was cut off came to %v", err)
		}
		return
	}
	no, refused := errors.AsType[*zbs.AgentError](err)
	switch {
	case want.Success && err != nil:
		t.Errorf("success came to %v", err)
	case want.Success && answer == nil:
		t.Error("success came to no answer")
	case !want.Success && (!refused || no.Message != want.Error || no.Addr.Host != "mds-a" || no.Endpoint.Name != o.endpoint.Name):
		t.Errorf("refusal %q came to %v", want.Error, err)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) WriteHeader(int)             {}
func (discard) Write(b []byte) (int, error) { return len(b), nil }
