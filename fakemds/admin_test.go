package fakemds_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// TestAdmin drives the admin API as a program would; every row depends on those
// before it.
func TestAdmin(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *fakemds.Cluster) {
		k := newCaller(t, c)
		h := c.AdminHandler()
		for _, row := range []struct {
			request, body string
			code          int
			contains      string
		}{
			{"POST /volumes", `{"path":"` + vol + `","clients":["10.0.0.5"]}`, 200, `"Path":"cbd:pp/lp/vol"`},
			{"POST /volumes", `{"path":"zbs://x"}`, 400, `neither zbs://POOL/VOLUME`},
			{"POST /clients", `{"path":"` + vol + `","clients":["10.0.0.6:9002"]}`, 200, `10.0.0.6`},
			{"POST /clients", `{"path":"zbs://lp/nope","clients":["h"]}`, 400, `no volume zbs://lp/nope: add it first`},
			{"POST /clients", `{"path":"` + vol + `","clients":["h:x"]}`, 400, `the port is not a number`},
			{"GET /clients", ``, 200, `{"cbd:pp/lp/vol":["10.0.0.5:9001","10.0.0.6:9002"]}`},
			{"DELETE /clients", `{"path":"` + vol + `","clients":["10.0.0.6"]}`, 200, `10.0.0.5`},
			{"POST /nodes/0/faults", `{"fault":"slow","delay":"2s","times":1,"on":["volume/clients"]}`, 200, `slow(2s) times 1 on volume/clients`},
			{"POST /nodes/1/faults", `{"fault":"STATUS","code":503}`, 200, `status(503)`},
			{"POST /nodes/1/faults", `{"fault":"nope"}`, 400, `unknown fault \"nope\", want one of refuse, blackhole`},
			{"POST /nodes/1/faults", `{"fault":"hang","on":["x"]}`, 400, `unknown endpoint \"x\"`},
			{"POST /nodes/1/faults", `{"fault":"hang","times":-1}`, 400, `times -1: want 0`},
			{"POST /nodes/1/faults", `{"fault":"hang","delay":"2s"}`, 400, `fault hang takes no parameter`},
			{"POST /nodes/1/faults", `{"fault":"slow"}`, 400, `needs a delay such as 2s`},
			{"POST /nodes/1/faults", `{"fault":"hang","tims":1}`, 400, `unknown field \"tims\"`},
			{"POST /nodes/7/faults", `{"fault":"hang"}`, 404, `no node \"7\", want 0..1`},
			{"POST /nodes/1/dance", ``, 400, `unknown action \"dance\", want restart`},
			{"GET /nodes", ``, 200, `"faults":["status(503)"]`},
			{"GET /nodes", ``, 200, `"generation":"G9"`},
			{"GET /harm", ``, 200, `[]`},
			{"POST /nodes/1/upgrade", `{"generation":"G11"}`, 400, `unknown generation \"G11\", want one of G1, G2`},
			{"POST /nodes/1/upgrade", `{"to":"G10"}`, 400, `unknown field \"to\"`},
			{"POST /nodes/7/upgrade", `{"generation":"G10"}`, 404, `no node \"7\", want 0..1`},
			{"POST /nodes/1/upgrade", `{"generation":"g7E"}`, 200, `"generation":"G7e","stopped":false,"agentVersion":null`},
			{"POST /nodes/1/upgrade", `{"generation":"G9"}`, 200, `"faults":["status(503)"]`},
			{"GET /volumes", ``, 200, `"Size":10737418240`},
		} {
			admin(t, h, row.request, row.body, row.code, row.contains)
		}
		start := time.Now()
		if got, err := k.clients(0, vol); got != openBody || err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("slow node: %s, %v after %v", got, err, time.Since(start))
		}
		if status, _, _ := k.post(1, "volume/clients", `{}`); status != 503 {
			t.Errorf("status %d, want 503", status)
		}
		k.call(0, "client/deploy", `{"ip":"10.0.0.9","password":"s3cret"}`)
		k.http.CloseIdleConnections()
		synctest.Wait()
		admin(t, h, "GET /ledger", ``, 200, `"Endpoint":"volume/clients"`)
		if got := do(h, "GET /ledger", ``).Body.String(); strings.Contains(got, "s3cret") {
			t.Error("the ledger shows a password")
		}
		k.post(0, "vhost/nope", `{"sshPassword":"s3cret"}`)
		k.post(0, "volume/clients", `{"path":"x","password":"s3cret"`)
		k.http.CloseIdleConnections()
		if got := do(h, "GET /ledger", ``).Body.String(); strings.Contains(got, "s3cret") {
			t.Error("the ledger shows a password of a path or body that is wrong")
		}
		admin(t, h, "DELETE /nodes/1/faults", ``, 200, `"faults":[]`)
		admin(t, h, "POST /nodes/1/unsync", ``, 200, `"agentVersion":null,"listsClients":false`)
		admin(t, h, "POST /nodes/1/sync", ``, 200, `"agentVersion":"5.5.0","listsClients":true`)
		admin(t, h, "POST /nodes/1/stop", ``, 200, `"stopped":true`)
		admin(t, h, "POST /nodes/1/start", ``, 200, `"stopped":false,"agentVersion":null`)
		admin(t, h, "POST /nodes/1/restart", ``, 200, `"stopped":false`)
		admin(t, h, "GET /harm", ``, 200, `"Endpoint":"vhost/nope","Request":`)
		admin(t, h, "DELETE /volumes", `{"path":"`+vol+`"}`, 200, `[]`)
	})
}

func do(h http.Handler, request, body string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(request, " ")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func admin(t *testing.T, h http.Handler, request, body string, code int, contains string) {
	t.Helper()
	w := do(h, request, body)
	if !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s: no JSON: %s", request, w.Body)
	}
	if w.Code != code || !strings.Contains(w.Body.String(), contains) {
		t.Errorf("%s %s: %d %s, want %d with %s", request, body, w.Code, w.Body, code, contains)
	}
}

// TestParseFault reads back every name that there is.
func TestParseFault(t *testing.T) {
	params := map[string]string{
		"slow": "2s", "slow-body": "2s", "callback-late": "2s", "status": "503", "status-after": "503",
		"agent-error": "no", "storage-error": "no",
	}
	for _, name := range fakemds.FaultNames() {
		f, err := fakemds.ParseFault(name, params[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, _, _ := strings.Cut(f.String(), "("); got != name {
			t.Errorf("%s reads back as %s", name, f)
		}
	}
	if f, err := fakemds.ParseFault("LOSE_REPLY", ""); err != nil || f != fakemds.LoseReply {
		t.Errorf("LOSE_REPLY: %v, %v", f, err)
	}
	for _, bad := range []string{"", "none", "hang on"} {
		if f, err := fakemds.ParseFault(bad, ""); err == nil {
			t.Errorf("%q is read as %v", bad, f)
		}
	}
}
