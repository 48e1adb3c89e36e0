package zbs

import (
	"encoding/json"
	"strings"
	"testing"
)

// What plainSuccess lets pass, a full decoding calls a success as well.
func FuzzPlainSuccess(f *testing.F) {
	for _, seed := range []string{
		`{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": 9001}]}`,
		`{"success": false, "error": "no"}`, `{}`, `{"a": {"success": false}}`, `{"a": [{"success": false}], "success": true}`,
		`{"SUCCESS": false}`, `{"succ\u0065ss": false}`, `{"ſucceſſ": false}`, `{"a\\": 1, "success": false}`,
		`{"a": "\"success\": false"}`, `{"success": true, "success": false}`, `{"success" : "true"}`, `{"success": null}`,
		`{"a": "success", "b": false}`, `{"a": ["x", "success"], "success": 0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) || !strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{") || !plainSuccess(body) {
			return
		}
		var common struct {
			Success json.RawMessage `json:"success"`
		}
		if err := json.Unmarshal(body, &common); err != nil {
			t.Fatal(err)
		}
		if s := string(common.Success); s != "" && s != "true" {
			t.Errorf("%s passes as a success, it says %s", body, s)
		}
	})
}

func TestPlainSuccess(t *testing.T) {
	for object, want := range map[string]bool{
		`{"success": true, "error": "", "clients": []}`: true,
		`{"error": "", "success" :true}`:                true,
		`{"clients": [{"success": false}]}`:             true,
		`{}`:                                            true,
		`{"success": false}`:                            false,
		`{"Success": false}`:                            false,
		`{"success": "true"}`:                           false, // a closer look takes it
		`{"success": true, "success": false}`:           false,
		`{"succ\u0065ss": false}`:                       false,
		`{"a": "x\\", "success": false}`:                false,
	} {
		if got := plainSuccess([]byte(object)); got != want {
			t.Errorf("plainSuccess(%s) = %t, want %t", object, got, want)
		}
	}
}
