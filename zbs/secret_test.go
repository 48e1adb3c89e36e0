package zbs_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/zbs"
)

func TestSecretMask(t *testing.T) {
	for why, row := range map[string]struct{ secret, text, want string }{
		"plain":              {"hunter2", "ssh failed: hunter2 refused", "ssh failed: *** refused"},
		"twice":              {"pw", "pw and pw", "*** and ***"},
		"shell quotes":       {"p'w", `sshpass -p 'p'\''w' ssh`, `sshpass -p '***' ssh`},
		"agent's backslash":  {"p$w'x", `p$w\'x`, `***`},
		"JSON":               {`a"b\c`, `{"password":"a\"b\\c"}`, `{"password":"***"}`},
		"query":              {"a b@c", "password=a+b%40c&x", "password=***&x"},
		"only quotes":        {`"'`, `say "' please`, `say *** please`},
		"nothing to mask":    {"hunter2", "no reason", "no reason"},
		"the empty secret":   {"", "text", "text"},
		"a part of a word":   {"root", "rooted", "***ed"},
		"the end is cut off": {"hunter2", "hunter", "hunter"},
	} {
		if got := zbs.Secret(row.secret).Mask(row.text); got != row.want {
			t.Errorf("%s: Mask(%q) = %q, want %q", why, row.text, got, row.want)
		}
	}
}

// However a secret was escaped on its way into a text, it does not come out.
func TestSecretMaskProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9'"\\$@ :&]{6,20}`).Draw(t, "secret")
		quoted, _ := json.Marshal(secret)
		shell := "'" + strings.ReplaceAll(secret, "'", `'\''`) + "'"
		for _, form := range []string{secret, string(quoted), shell, fmt.Sprintf("%q", secret), url.QueryEscape(secret)} {
			if masked := zbs.Secret(secret).Mask("before " + form + " after"); strings.Contains(masked, form) && strings.Trim(secret, `'"\`) != "" {
				t.Fatalf("%q in %q", secret, masked)
			}
		}
	})
}

func TestSecretOf(t *testing.T) {
	host := zbs.HostAccess{Password: "hunter2"}
	for _, command := range []any{zbs.DeployClient{Host: host}, zbs.DeployVhost{Host: host}, zbs.DestroyVhost{Host: host},
		zbs.CreateBdev{Host: host}, zbs.DeleteBdev{Host: host}, zbs.CheckVhost{Host: host}} {
		if zbs.SecretOf(command) != "hunter2" {
			t.Errorf("%T keeps its password to itself", command)
		}
		pointer := pointerTo(command) // is a command as well
		if zbs.SecretOf(pointer) != "hunter2" || zbs.SecretOf(zbs.Redacted(pointer)) != "***" || zbs.SecretOf(pointer) != "hunter2" {
			t.Errorf("%T keeps its password to itself, or is shown with it", pointer)
		}
		shown := zbs.Redacted(command)
		body, err := zbs.Envelope{}.Encode(shown)
		if reflect.TypeOf(shown) != reflect.TypeOf(command) || zbs.SecretOf(shown) != "***" || strings.Contains(string(body), "hunter2") || err != nil {
			t.Errorf("%T is shown as %s, %v", command, body, err)
		}
		if zbs.SecretOf(command) != "hunter2" {
			t.Errorf("%T lost its password", command)
		}
	}
	if zbs.SecretOf(zbs.Echo{}) != "" {
		t.Error("echo has a password")
	}
	if zbs.Redacted(zbs.Echo{}) != any(zbs.Echo{}) {
		t.Error("echo is redacted")
	}
}
