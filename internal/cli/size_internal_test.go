package cli

import (
	"fmt"
	"strings"
	"testing"
)

func TestSize(t *testing.T) {
	for _, row := range []struct {
		text string
		want int64
		err  string // part of it, when it is refused
	}{
		{"20G", 20 << 30, ""},
		{"20g", 20 << 30, ""},
		{"20GiB", 20 << 30, ""},
		{"20 GiB", 20 << 30, ""},
		{"20GB", 20e9, ""},
		{"1.5T", 3 << 39, ""},
		{"512M", 512 << 20, ""},
		{"512MB", 512e6, ""},
		{"4096B", 4096, ""},
		{"1K", 1 << 10, ""},
		{"1kB", 1000, ""},
		{"1TB", 1e12, ""},
		{"1TiB", 1 << 40, ""},
		{"2P", 2 << 50, ""},
		{"2PiB", 2 << 50, ""},
		{"2PB", 2e15, ""},
		{"1KiB", 1 << 10, ""},
		{"1MiB", 1 << 20, ""},
		{"0.1B", 1, ""},
		{"1.0000001K", 1025, ""},
		{"0.1K", 103, ""},
		{"4096P", 1 << 62, ""},
		{"4611686018427387904B", 1 << 62, ""},
		{"4611686018427387905B", 0, "larger than 4096P"},
		{"4097P", 0, "larger than 4096P"},
		{"9223372036854775808B", 0, "larger than 4096P"},
		{"99999999999999999999999999P", 0, "larger than 4096P"},
		{"20", 0, "write 20G for GiB or 20B for bytes"},
		{"1.5", 0, "write 1.5G for GiB or 1.5B for bytes"},
		{"0G", 0, "a size of 0"},
		{"0.0T", 0, "a size of 0"},
		{"0", 0, "the unit is missing"},
		{"-1G", 0, "want a number with its unit"},
		{"+1G", 0, "want a number with its unit"},
		{"", 0, "want a number with its unit"},
		{"G", 0, "want a number with its unit"},
		{".5G", 0, "want a number with its unit"},
		{"5.G", 0, "want a number with its unit"},
		{"1,5G", 0, "want a number with its unit"},
		{"1e3G", 0, "want a number with its unit"},
		{"0x10G", 0, "want a number with its unit"},
		{"0xG", 0, `unknown unit "xG"`},
		{"1/2G", 0, "want a number with its unit"},
		{"1  G", 0, "want a number with its unit"},
		{"20GG", 0, `unknown unit "GG"`},
		{"20E", 0, `unknown unit "E"`},
		{"20bit", 0, `unknown unit "bit"`},
	} {
		t.Run(fmt.Sprintf("%q", row.text), func(t *testing.T) {
			var s size
			err := s.Set(row.text)
			if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("%v, want an error with %q", err, row.err)
			}
			if int64(s) != row.want {
				t.Errorf("%d bytes, want %d", s, row.want)
			}
		})
	}
}

func TestPortRange(t *testing.T) {
	for text, want := range map[string]portRange{
		"10600-10800": {First: 10600, Last: 10800},
		"1-65535":     {First: 1, Last: 65535},
		"7-7":         {First: 7, Last: 7},
		"8-7":         {}, "0-7": {}, "1-65536": {}, "7": {}, "7:9": {}, "a-b": {}, "-": {}, "1-2-3": {}, "": {},
	} {
		var got portRange
		if err := got.Set(text); got != want || (err == nil) != (want != portRange{}) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
}
