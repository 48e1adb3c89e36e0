package zbs_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/zbs"
)

func TestDecodeAnswerIsTolerant(t *testing.T) {
	want := zbs.VolumeClients{Clients: []zbs.Client{{IP: "10.0.0.5", Port: 9001}, {IP: "10.0.0.6"}, {Port: 5}, {}}}
	for why, body := range map[string]string{
		"as the agent writes it":  `{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}, {"ip": "10.0.0.6"}, {"port": 5}, {}]}`,
		"success is absent":       `{"clients": [{"ip": "10.0.0.5", "port": 9001}, {"ip": "10.0.0.6", "port": null}, {"port": 5.0}, {}]}`,
		"fields it does not know": ` {"success":true,"new":{"a":[1]},"clients":[{"ip":"10.0.0.5","port":" 9001 ","id":7},{"ip":"10.0.0.6"},{"port":5},{}]}`,
	} {
		got, err := zbs.DecodeAnswer[zbs.VolumeClients]([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", why, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", why, diff)
		}
	}
}

func TestDecodeAnswerRefusesWhatIsNoAnswer(t *testing.T) {
	for why, body := range map[string]string{
		"no bytes":           ``,
		"null":               `null`,
		"an array":           `[]`,
		"a number":           `5`,
		"HTML":               `<!DOCTYPE html><html></html>`,
		"cut off":            `{"success": true, "clients": [{"ip": "10.0`,
		"trailing bytes":     `{"success": true, "clients": []} {}`,
		"success of no kind": `{"success": "maybe", "clients": []}`,
		"success null":       `{"success": null, "clients": []}`,
		"no client list: it would read as nobody has it open": `{"success": true}`,
		"null client list":       `{"success": true, "clients": null}`,
		"a client list of text":  `{"success": true, "clients": ""}`,
		"a port of text":         `{"success": true, "clients": [{"ip": "10.0.0.5", "port": "http"}]}`,
		"a port with a fraction": `{"success": true, "clients": [{"ip": "10.0.0.5", "port": 1.5}]}`,
	} {
		got, err := zbs.DecodeAnswer[zbs.VolumeClients]([]byte(body))
		if !errors.Is(err, zbs.ErrMalformed) {
			t.Errorf("%s: %+v, %v; want ErrMalformed", why, got, err)
		}
	}
}

func TestDecodeAnswerAgentError(t *testing.T) {
	for body, message := range map[string]string{
		`{"success": false, "error": "line one\nline two\n"}`: "agent answered: line one; line two",
		`{"success": false, "error": ""}`:                     "agent answered: no reason given",
		`{"success": false}`:                                  "agent answered: no reason given",
		`{"success": "False", "error": "x"}`:                  "agent answered: x",
		`{"success": false, "error": {"code": 7}}`:            `agent answered: {"code": 7}`,
		`{"success": false, "error": "x", "clients": []}`:     "agent answered: x",
	} {
		_, err := zbs.DecodeAnswer[zbs.VolumeClients]([]byte(body))
		no, ok := errors.AsType[*zbs.AgentError](err)
		if !ok || no.Error() != message {
			t.Errorf("%s: error %v, want AgentError %q", body, err, message)
		}
	}
}

func TestDecodeEcho(t *testing.T) {
	if _, err := zbs.DecodeAnswer[zbs.EchoReply](nil); err != nil {
		t.Errorf("empty echo: %v", err)
	}
	if _, err := zbs.DecodeAnswer[zbs.EchoReply]([]byte("<html>")); !errors.Is(err, zbs.ErrMalformed) {
		t.Errorf("echo of another server: %v, want ErrMalformed", err)
	}
}

func TestInt(t *testing.T) {
	for in, want := range map[string]zbs.Int{
		`7`: 7, `"7"`: 7, `-7`: -7, `7.0`: 7, `"7.0"`: 7, `1e3`: 1000, `null`: 0, `""`: 0,
		`9223372036854775807`: 9223372036854775807,
	} {
		var got zbs.Int
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s reads as %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{`7.5`, `"x"`, `9223372036854775808`, `123456789012345678901234567890`, `1e300`, `true`, `{}`, `[]`, `"NaN"`} {
		var got zbs.Int
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s reads as %d, want an error", in, got)
		}
	}
}

func TestNotFound(t *testing.T) {
	for message, want := range map[string]bool{
		"cannot found volume[x] info, error[Rpc[GetFileInfo] for [lp2/nope] status code: kFileNotExists]": true,
		"stderr: Error: Rpc[ProtectSnapShot] for [lp2/v1@nope] status code: kSnapshotFileNotExists\n":     false,
		"error[status code: KInternalError] status code: kFileNotExists":                                  false,
		"error[rpc timeout]": false,
		"status code: ":      false,
		"":                   false,
	} {
		if got := (&zbs.AgentError{Message: message}).NotFound(); got != want {
			t.Errorf("NotFound of %q = %t, want %t", message, got, want)
		}
	}
}

func TestEncode(t *testing.T) {
	env := zbs.Envelope{StorageID: `free "text"`, Addr: "mds-a"}
	path := zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v"}}
	for _, tc := range []struct {
		command any
		want    string
	}{
		{zbs.Echo{}, `{"uuid":"free \"text\"","addr":"mds-a"}`},
		{zbs.GetVolumeClients{Path: path}, `{"uuid":"free \"text\"","addr":"mds-a","path":"cbd:pp/lp/v"}`},
		{zbs.Ping{Cluster: zbs.Facts{Version: "1.4.0"}}, `{"uuid":"free \"text\"","addr":"mds-a","clusterInfo":{"version":"1.4.0"}}`},
	} {
		got, err := env.Encode(tc.command)
		if err != nil || string(got) != tc.want {
			t.Errorf("%T: %s, %v; want %s", tc.command, got, err, tc.want)
		}
	}
	if body, err := env.Encode(zbs.GetVolumeClients{}); err == nil {
		t.Errorf("an invalid path was encoded to %s", body)
	}
}

// Decoding never panics, and an answer is never both.
func FuzzDecodeAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}`,
		`{"success": false, "error": "list index out of range"}`,
		`{"size": "123", "actualSize": 45.0, "parentUri": "cbd:a/b/c@d"}`,
		`{"logicalPoolInfos": [{"logicalPoolName": "x", "capacity": 12}]}`, `null`, `[]`, `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		clients, err := zbs.DecodeAnswer[zbs.VolumeClients](body)
		if err == nil && clients.Clients == nil {
			t.Fatalf("%q was taken for a client list", body)
		}
		zbs.DecodeAnswer[zbs.Capacity](body)
		zbs.DecodeAnswer[zbs.VolumeInfo](body)
		zbs.DecodeAnswer[zbs.PingReply](body)
		zbs.DecodeAnswer[zbs.Facts](body)
	})
}
