package python_test

import (
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// decoded reads a JSON value for a test.
func decoded(t *testing.T, text string) any {
	t.Helper()
	v, err := python.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestValues(t *testing.T) {
	for _, row := range []struct {
		json, typeName, str, repr string
		truth                     bool
	}{
		{`null`, "NoneType", "None", "None", false},
		{`true`, "bool", "True", "True", true},
		{`false`, "bool", "False", "False", false},
		{`""`, "str", "", "''", false},
		{`"it's \\"`, "str", `it's \`, `'it\'s \\'`, true},
		{`0`, "int", "0", "0", false},
		{`12345678901234567890123`, "int", "12345678901234567890123", "12345678901234567890123", true},
		{`1.50`, "float", "1.5", "1.5", true},
		{`1e2`, "float", "100.0", "100.0", true},
		{`[]`, "list", "[]", "[]", false},
		{`["a", 1, [true]]`, "list", "['a', 1, [True]]", "['a', 1, [True]]", true},
		{`{}`, "JsonObject", "<zstacklib.utils.jsonobject.JsonObject object>", "<zstacklib.utils.jsonobject.JsonObject object>", true},
	} {
		t.Run(row.json, func(t *testing.T) {
			v := decoded(t, row.json)
			if got := python.TypeName(v); got != row.typeName {
				t.Errorf("type %s, want %s", got, row.typeName)
			}
			if got := python.Str(v); got != row.str {
				t.Errorf("str %s, want %s", got, row.str)
			}
			if got := python.Repr(v); got != row.repr {
				t.Errorf("repr %s, want %s", got, row.repr)
			}
			if got := python.Truth(v); got != row.truth {
				t.Errorf("truth %v, want %v", got, row.truth)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"nothing", "", "Cannot compile string: None to a jsonobject"},
		{"a byte order mark alone", "\ufeff", "Cannot compile string: None to a jsonobject"},
		{"half an object", "{", "Cannot compile string: { to a jsonobject"},
		{"two values", "1 2", "Cannot compile string: 1 2 to a jsonobject"},
		{"null in a list", `{"a":[1,null]}`, "Cannot parse object: None, type: <class 'NoneType'>, list dump: [1, None]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := python.Decode([]byte(row.body)); err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	if _, err := python.Decode([]byte(deep)); err == nil || !strings.HasPrefix(err.Error(), "Cannot compile string: [[") {
		t.Errorf("2000 lists in each other: %v", err)
	}
}

func TestAttrAndContains(t *testing.T) {
	object := decoded(t, `{"a": 1}`)
	if v, err := python.Attr(object, "a"); err != nil || python.Str(v) != "1" {
		t.Errorf("a: %v, %v", v, err)
	}
	if v, err := python.Attr(object, "b"); err != nil || v != nil {
		t.Errorf("b: %v, %v", v, err)
	}
	if _, err := python.Attr(decoded(t, "[]"), "a"); err == nil || err.Error() != "'list' object has no attribute 'a'" {
		t.Errorf("attribute of a list: %v", err)
	}
	if in, err := python.Contains("p1", "lp10"); err != nil || !in {
		t.Errorf("p1 in lp10: %v, %v", in, err)
	}
	const want = "'in <string>' requires string as left operand, not NoneType"
	if _, err := python.Contains(nil, "lp10"); err == nil || err.Error() != want {
		t.Errorf("None in lp10: %v, want %s", err, want)
	}
}

func TestDump(t *testing.T) {
	got := string(python.Dump(python.Object{}.With("none", nil).With("text", "a\"\\\n\té😀\x7f").With("n", int64(1)<<40).
		With("list", []any{true, decoded(t, "1.50"), decoded(t, `{"z":"<"}`)}).With("objects", []python.Object{{}, python.Object{}.With("i", 1)})))
	const want = `{"text": "a\"\\\n\t\u00e9\ud83d\ude00\u007f", "n": 1099511627776, ` +
		`"list": [true, 1.50, {"z":"\u003c"}], "objects": [{}, {"i": 1}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
