package fakemds

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// The agent is a Python program and much of what it answers to bad input is the
// text of a Python exception. This file holds the few things of Python that are
// visible on the wire: str(), type names, attribute access; json.go has its JSON.

// errText is an error of the agent; its text is what the caller gets.
type errText string

func (e errText) Error() string { return string(e) }

func failf(format string, args ...any) error { return errText(fmt.Sprintf(format, args...)) }

// typeName is type(v).__name__ of a decoded value.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case string:
		return "str"
	case bool:
		return "bool"
	case []any:
		return "list"
	case json.Number:
		if isInt(v) {
			return "int"
		}
		return "float"
	}
	return "JsonObject"
}

func isInt(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// attr is v.name: None when an object lacks it.
func attr(v any, name string) (any, error) {
	if m, ok := v.(map[string]any); ok {
		return m[name], nil
	}
	return nil, failf("'%s' object has no attribute '%s'", typeName(v), name)
}

// command reads the fields of a request; the first error sticks.
type command struct {
	v   any
	old bool // fields have their old names
	err error
}

var oldNames = map[string]string{
	"logicalPool": "logicalPoolName", "volume": "lunName", "snapshot": "snapshotName", "dstVolume": "dstLunName",
}

func (c *command) get(name string) any {
	if old, ok := oldNames[name]; ok && c.old {
		name = old
	}
	v, err := attr(c.v, name)
	if err != nil && c.err == nil {
		c.err = err
	}
	return v
}

func (c *command) str(name string) string { return str(c.get(name)) }

func (c *command) truth(name string) bool { return truth(c.get(name)) }

// truth is bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case json.Number:
		f, _ := v.Float64()
		return f != 0
	}
	return true
}

// str is str(v), as a name becomes when it is put into a command line.
func str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return repr(v)
}

func repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return "'" + strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), "'", `\'`) + "'"
	case json.Number:
		return reprNumber(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = repr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "<zstacklib.utils.jsonobject.JsonObject object>"
}

func reprNumber(n json.Number) string {
	if isInt(n) {
		if i, ok := new(big.Int).SetString(string(n), 10); ok {
			return i.String()
		}
	}
	f, _ := n.Float64()
	return reprFloat(f)
}

func reprFloat(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// contains is `part in text`, which only takes strings.
func contains(part any, text string) (bool, error) {
	s, ok := part.(string)
	if !ok {
		return false, failf("'in <string>' requires string as left operand, not %s", typeName(part))
	}
	return strings.Contains(text, s), nil
}
