package hashring

import (
	"strings"
	"testing"
)

// TestKeyHashVectors has the test vectors that wyhash final version 4 publishes,
// with the position as seed.
func TestKeyHashVectors(t *testing.T) {
	for seed, v := range []struct {
		key  string
		want uint64
	}{
		{"", 0x93228a4de0eec5a2},
		{"a", 0xc5bac3db178713c4},
		{"abc", 0xa97f2f7b1d9b3314},
		{"message digest", 0x786d1f1df3801df4},
		{"abcdefghijklmnopqrstuvwxyz", 0xdca5a8138ad37c87},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xb9e734f117cfaf70},
		{strings.Repeat("1234567890", 8), 0x6cc5eab49a92d617},
	} {
		if got := keyHash(v.key, uint64(seed)); got != v.want {
			t.Errorf("hash of %q with seed %d is %#x, want %#x", v.key, seed, got, v.want)
		}
	}
}
