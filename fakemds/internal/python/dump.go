package python

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Object is a JSON object whose keys keep their order. Dump leaves a nil value out,
// as the agent leaves out None. The zero Object is empty.
type Object []field

type field struct {
	key string
	val any
}

// With returns the object with one more field behind the others.
func (o Object) With(key string, val any) Object { return append(o, field{key, val}) }

// Dump is json.Dump(v): ", " and ": " between things, only ASCII.
func Dump(v any) []byte {
	var b bytes.Buffer
	dump(&b, v)
	return b.Bytes()
}

func dump(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case Object:
		dumpObject(b, v)
	case []Object:
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

func dumpObject(b *bytes.Buffer, o Object) {
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
