package zbs

import "bytes"

// plainSuccess reports whether a JSON object says success as agents spell it, or
// says nothing of it. It saves the answer to nearly every call from being decoded
// twice; false only means that a closer look is needed. Of what is no JSON it may
// say either: the decoding that follows refuses that.
func plainSuccess(object []byte) bool {
	depth, isKey := 0, false
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '{':
			depth++
			isKey = true
		case '[':
			depth++
			isKey = false
		case '}', ']':
			depth--
		case ',':
			isKey = true
		case ':':
			isKey = false
		case '"':
			text, length := stringAt(object[i:])
			i += length - 1
			if depth == 1 && isKey && !plainKey(text, object[i+1:]) {
				return false
			}
		}
	}
	return true
}

// stringAt returns what stands between the quotes at the beginning of b, as it
// is spelled, and its length with them.
func stringAt(b []byte) (text []byte, length int) {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[1:i], i + 1
		}
	}
	return b[1:], len(b)
}

// plainKey reports whether a key of the object is not "success", or is and rest,
// which stands behind it, says true. encoding/json takes a key in any case, and
// one spelled with escapes or beyond ASCII may be it as well.
func plainKey(key, rest []byte) bool {
	for _, c := range key {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	if !bytes.EqualFold(key, []byte("success")) {
		return true
	}
	value := bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(value, []byte("true"))
}
