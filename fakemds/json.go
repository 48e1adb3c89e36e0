package fakemds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const maxDepth = 990 // Python's recursion limit is 1000 frames, some are in use

// decode reads a request body as the agent's jsonobject does.
func decode(body []byte) (any, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(body) == 0 {
		return nil, failf("Cannot compile string: None to a jsonobject")
	}
	bad := failf("Cannot compile string: %s to a jsonobject", body)
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, bad
	}
	if dec.More() {
		return nil, bad
	}
	if err := checkNested(v, 0); err != nil {
		if errors.Is(err, errTooDeep) {
			return nil, bad
		}
		return nil, err
	}
	return v, nil
}

var errTooDeep = errors.New("too deep")

// checkNested refuses what jsonobject cannot turn into objects: null in a list.
func checkNested(v any, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if e == nil {
				return failf("Cannot parse object: None, type: <class 'NoneType'>, list dump: %s", repr(v))
			}
			if err := checkNested(e, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := checkNested(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// obj is a JSON object whose keys keep their order. A nil value is left out,
// as the agent leaves out None.
type obj []field

type field struct {
	key string
	val any
}

func (o obj) with(key string, val any) obj { return append(o, field{key, val}) }

// dumps is json.dumps(v): ", " and ": " between things, only ASCII.
func dumps(v any) []byte {
	var b bytes.Buffer
	dump(&b, v)
	return b.Bytes()
}

func dump(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case obj:
		dumpObject(b, v)
	case []obj:
		dumpList(b, len(v), func(i int) { dump(b, v[i]) })
	case []any:
		dumpList(b, len(v), func(i int) { dump(b, v[i]) })
	case string:
		dumpString(b, v)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	default:
		raw, err := json.Marshal(v) // something of the request, given back
		if err != nil {
			raw = []byte(`""`)
		}
		b.Write(raw)
	}
}

func dumpObject(b *bytes.Buffer, o obj) {
	b.WriteByte('{')
	first := true
	for _, f := range o {
		if f.val == nil {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		dumpString(b, f.key)
		b.WriteString(": ")
		dump(b, f.val)
	}
	b.WriteByte('}')
}

func dumpList(b *bytes.Buffer, n int, each func(int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		each(i)
	}
	b.WriteByte(']')
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
		case r >= ' ' && r < utf8.RuneSelf-1:
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
}
