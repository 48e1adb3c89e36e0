package fakemds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// object is a JSON object whose keys keep their order. Members that are nil are
// left out, as the agent does.
type object []member

type member struct {
	key   string
	value any
}

func success(members ...member) object {
	return append(object{{"success", true}, {"error", ""}}, members...)
}

func failure(format string, args ...any) object {
	return object{{"success", false}, {"error", fmt.Sprintf(format, args...)}}
}

// dump writes v as Python's json.dumps does: ", " and ": " between, everything
// outside ASCII escaped.
func dump(v any) []byte {
	var b bytes.Buffer
	dumpTo(&b, v)
	return b.Bytes()
}

func dumpTo(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case object:
		separator := "{"
		for _, m := range v {
			if m.value == nil {
				continue
			}
			b.WriteString(separator)
			dumpString(b, m.key)
			b.WriteString(": ")
			dumpTo(b, m.value)
			separator = ", "
		}
		if separator == "{" {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			dumpTo(b, item)
		}
		b.WriteByte(']')
	case string:
		dumpString(b, v)
	default:
		fmt.Fprint(b, v) // bool, integers, json.Number
	}
}

func dumpString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r > '~' && r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		case r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// command is the decoded body of a request. Its getters return what a Python
// attribute would hold, None for an absent field.
type command map[string]any

var errCompile = errors.New("cannot compile")

// parseCommand reads a body. firstField is the field the handler looks at
// first: a body that is no object fails when it is read.
func parseCommand(body []byte, firstField string) (cmd command, refusal object) {
	text := strings.TrimPrefix(string(body), "\ufeff")
	if text == "" {
		return nil, failure("Cannot compile string: None to a jsonobject")
	}
	v, err := decodeJSON(strings.ReplaceAll(text, "NaN", `"\u0000NaN"`))
	if err != nil {
		return nil, failure("Cannot compile string: %s to a jsonobject", text)
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, failure("'%s' object has no attribute '%s'", pyType(v), firstField)
	}
	if list := nullInList(fields); list != nil {
		return nil, failure("Cannot parse object: None, type: <class 'NoneType'>, list dump: %s", pyRepr(list))
	}
	return command(fields), nil
}

// maxDepth is where the agent's own parser runs out of stack.
const maxDepth = 900

func decodeJSON(text string) (any, error) {
	depth, deepest := 0, 0
	for _, r := range text {
		switch r {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	if deepest > maxDepth {
		return nil, errCompile
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errCompile
	}
	return v, nil
}

// nullInList returns the first list with a null in it.
func nullInList(v any) []any {
	switch v := v.(type) {
	case map[string]any:
		for _, item := range v {
			if list := nullInList(item); list != nil {
				return list
			}
		}
	case []any:
		for _, item := range v {
			if item == nil {
				return v
			}
			if list := nullInList(item); list != nil {
				return list
			}
		}
	}
	return nil
}

// pyType names the Python type of a decoded value.
func pyType(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case string:
		if v == "\x00NaN" {
			return "float"
		}
		return "str"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "float"
		}
		return "int"
	case []any:
		return "list"
	default:
		return "JsonObject"
	}
}

// pyText is str(v), which is what goes into a shell command.
func pyText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	case json.Number:
		if pyType(v) == "int" {
			return v.String()
		}
		f, _ := v.Float64()
		text := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	default:
		return pyRepr(v)
	}
}

// pyRepr is repr(v) of a list, or the class of an object.
func pyRepr(v any) string {
	switch v := v.(type) {
	case string:
		return "'" + v + "'"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = pyRepr(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		return "<zstacklib.utils.jsonobject.JsonObject object>"
	default:
		return pyText(v)
	}
}
