package hashring

import (
	"strconv"
	"testing"
	"unicode/utf16"
)

// plainJavaHash is the definition: a byte that is no UTF-8 is U+FFFD in []rune too.
func plainJavaHash(s string) int32 {
	h := int32(0)
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return javaSeed + h
}

// FuzzZStackHash: the steps of 32 and 8 bytes agree with the definition, wherever the
// key has a character that is not ASCII or a byte that is not UTF-8.
func FuzzZStackHash(f *testing.F) {
	ascii := "0123456789abcdef0123456789abcdef0123456789ABCDEF~"
	for n := range len(ascii) {
		f.Add(ascii[:n])
		for _, odd := range []string{"é", "节", "😀", "\xff", "\xe2\x82", "\xed\xa0\x80", "\x7f", "\x80"} {
			f.Add(ascii[:n] + odd)
			f.Add(odd + ascii[:n])
			f.Add(ascii[:n/2] + odd + ascii[n/2:n])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := zstackHash(s), plainJavaHash(s); got != want {
			t.Errorf("hash of %q is %d, want %d", s, got, want)
		}
	})
}

func TestPositionsAreHashesOfNumberedNames(t *testing.T) {
	for _, name := range []string{"", "a", "10.0.0.1", "节点", "cut\xe2\x82"} {
		for i, got := range zstackPositions(name, 1100) {
			if want := plainJavaHash(name + strconv.Itoa(i)); got != want {
				t.Fatalf("position %d of %q is %d, want %d", i, name, got, want)
			}
		}
	}
}

// TestMalformedKeys pins down what the package doc says of Go strings that are not
// UTF-8: each such byte counts as one U+FFFD.
func TestMalformedKeys(t *testing.T) {
	for malformed, same := range map[string]string{
		"vol-\xff":         "vol-\ufffd",
		"\xe2\x82":         "\ufffd\ufffd",       // a cut character: two, where Java decodes one
		"\xed\xa0\x80":     "\ufffd\ufffd\ufffd", // an encoded surrogate
		"\xc0\xafabcdefgh": "\ufffd\ufffdabcdefgh",
	} {
		if got, want := zstackHash(malformed), zstackHash(same); got != want {
			t.Errorf("hash of %q is %d, of %q %d", malformed, got, same, want)
		}
	}
}
