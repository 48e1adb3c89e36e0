// Package python has the few things of Python that a fake of a Python program needs:
// JSON as its decoder takes it and its encoder writes it, and the str(), repr(),
// type names and exception texts of decoded values.
//
// A decoded value is nil, a bool, a string, a json.Number, a []any or a
// map[string]any, which stands for the agent's JsonObject.
package python

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Error is the text of an exception.
type Error string

func (e Error) Error() string { return string(e) }

// Errorf returns an Error.
func Errorf(format string, args ...any) error { return Error(fmt.Sprintf(format, args...)) }

// TypeName is type(v).__name__ of a decoded value.
func TypeName(v any) string {
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

// Attr is v.name, nil when an object lacks it. The error is the AttributeError of a
// value that is no object.
func Attr(v any, name string) (any, error) {
	if m, ok := v.(map[string]any); ok {
		return m[name], nil
	}
	return nil, Errorf("'%s' object has no attribute '%s'", TypeName(v), name)
}

// Truth is bool(v).
func Truth(v any) bool {
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

// Str is str(v), as a name becomes when it is put into a command line.
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// Repr is repr(v).
func Repr(v any) string {
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
			parts[i] = Repr(e)
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
	return ReprFloat(f)
}

// ReprFloat is repr(f).
func ReprFloat(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Contains is `part in text`. The error is the TypeError of a part that is no string.
func Contains(part any, text string) (bool, error) {
	s, ok := part.(string)
	if !ok {
		return false, Errorf("'in <string>' requires string as left operand, not %s", TypeName(part))
	}
	return strings.Contains(text, s), nil
}
