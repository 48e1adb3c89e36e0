package hashring

import "math/bits"

// The default secret of wyhash.
const (
	secret0 = 0x2d358dccaa6c78a5
	secret1 = 0x8bb84b93962eacc9
	secret2 = 0x4b33a62ed433d4a3
	secret3 = 0x4d5a2da51de1aa47
)

// keyHash hashes the keys and the node names of the [Default] placement. It is wyhash,
// final version 4, by Wang Yi (public domain), which takes half the time of xxhash for
// a key of 32 bytes. Processes must agree on the hash, so it never changes.
func keyHash(s string, seed uint64) uint64 {
	seed ^= mum(seed^secret0, secret1)
	var a, b uint64
	switch {
	case len(s) > 16:
		rest := s
		if len(s) > 48 {
			rest, seed = hashBulk(s, seed)
		}
		for len(rest) > 16 {
			seed = mum(word(rest)^secret1, word(rest[8:])^seed)
			rest = rest[16:]
		}
		tail := s[len(s)-16:] // may overlap what is hashed already
		a, b = word(tail), word(tail[8:])
	case len(s) >= 4:
		middle := len(s) >> 3 << 2
		a = half(s)<<32 | half(s[middle:])
		b = half(s[len(s)-4:])<<32 | half(s[len(s)-4-middle:])
	case len(s) > 0:
		a = uint64(s[0])<<16 | uint64(s[len(s)>>1])<<8 | uint64(s[len(s)-1])
	}
	hi, lo := bits.Mul64(a^secret1, b^seed)
	return mum(lo^secret0^uint64(len(s)), hi^secret1)
}

// hashBulk hashes 48 bytes at a time and returns the rest, 1 to 48 bytes.
func hashBulk(s string, seed uint64) (string, uint64) {
	see1, see2 := seed, seed
	for len(s) > 48 {
		seed = mum(word(s)^secret1, word(s[8:])^seed)
		see1 = mum(word(s[16:])^secret2, word(s[24:])^see1)
		see2 = mum(word(s[32:])^secret3, word(s[40:])^see2)
		s = s[48:]
	}
	return s, seed ^ see1 ^ see2
}

// mum multiplies to 128 bits and joins the halves.
func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// word reads eight bytes, little-endian. The compiler turns it into one load.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// half reads four bytes, little-endian.
func half(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}
