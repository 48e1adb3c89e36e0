package hashring

import (
	"strconv"
	"unicode/utf8"
)

const (
	// javaSeed is what ZStack's hash adds to Java's String.hashCode: commons-lang's
	// HashCodeBuilder starts at 17 and multiplies by 37 before it appends, 17*37.
	javaSeed = 629

	// Powers of 31. From 31^8 on they are taken modulo 2^32, as the hash itself is.
	pow2  = 31 * 31
	pow4  = pow2 * pow2
	pow8  = pow4 * pow4 & 0xffffffff
	pow16 = pow8 * pow8 & 0xffffffff
	pow24 = pow16 * pow8 & 0xffffffff
	pow32 = pow16 * pow16 & 0xffffffff

	notASCII = 0x8080808080808080
)

// zstackHash is the position of a key on ZStack's ring.
func zstackHash(key string) int32 { return int32(javaSeed + javaHash(0, key)) }

// javaHash continues Java's String.hashCode, h = 31*h + c over UTF-16 code units,
// from h. The plain loop is a chain of multiplications, four cycles for each
// character. So ASCII is hashed in steps of 32 and 8 bytes, whose parts do not depend
// on each other.
func javaHash(h uint32, s string) uint32 {
	for len(s) >= 32 {
		a, b, c, d := word(s), word(s[8:]), word(s[16:]), word(s[24:])
		if (a|b|c|d)&notASCII != 0 {
			return javaHashUTF16(h, s)
		}
		h = h*pow32 + hashASCII(a)*pow24 + hashASCII(b)*pow16 + hashASCII(c)*pow8 + hashASCII(d)
		s = s[32:]
	}
	for len(s) >= 8 {
		w := word(s)
		if w&notASCII != 0 {
			return javaHashUTF16(h, s)
		}
		h = h*pow8 + hashASCII(w)
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return javaHashUTF16(h, s[i:])
		}
		h = h*31 + uint32(s[i])
	}
	return h
}

// hashASCII is the hash of the eight characters of a word. Neighbours are added in
// pairs: first in fields of 16 bits (at most 127*32), then in fields of 32 bits (at
// most 127*32*962). So no field overflows into the next.
func hashASCII(w uint64) uint32 {
	even := w & 0x00ff00ff00ff00ff
	w = even*31 + (w^even)>>8
	even = w & 0x0000ffff0000ffff
	w = even*pow2 + (w^even)>>16
	return uint32(w)*pow4 + uint32(w>>32)
}

// javaHashUTF16 is javaHash for any text. A rune above U+FFFF counts as its two
// surrogates, and a byte that is not UTF-8 as U+FFFD. If it were inlined, it would
// take registers from the loops for ASCII.
//
//go:noinline
func javaHashUTF16(h uint32, s string) uint32 {
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			h = h*31 + uint32(0xd800+r>>10)
			r = 0xdc00 + r&0x3ff
		}
		h = h*31 + uint32(r)
	}
	return h
}

// zstackPositions returns the positions of a node: the hashes of node+"0",
// node+"1" and so on.
func zstackPositions(node string, replicas int) []int32 {
	prefix := javaHash(0, node)
	positions := make([]int32, replicas)
	var digits [20]byte
	for i := range positions {
		n := strconv.AppendInt(digits[:0], int64(i), 10)
		positions[i] = int32(javaSeed + javaHash(prefix, string(n)))
	}
	return positions
}
