package cli

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// size is a number of bytes as a flag: a number with its unit.
type size int64

// maxSize leaves room for rounding up.
const maxSize = 1 << 62

// sizeHelp says how a size is written.
const sizeHelp = `A SIZE is a number with its unit: 20G (or 20GiB) is 20 times 1024^3 bytes, 20GB is
20 times 1000^3, 512B is bytes; K, M, T and P likewise, 1.5T is fine. The storage
counts in MiB, or in GiB before 1.6.1, and sizes are rounded up to that.`

var (
	sizeForm  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$`)
	sizeUnits = map[string]int64{
		"b": 1,
		"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50,
		"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
	}
)

// sizeFlag adds --size, which must be given.
func sizeFlag(cmd *cobra.Command) *size {
	s := new(size)
	cmd.Flags().Var(s, "size", "how large, such as 20G, 1.5T or 512M")
	cmd.MarkFlagRequired("size")
	return s
}

// String and Type make size a flag.
func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return sizeText(int64(*s))
}
func (*size) Type() string { return "SIZE" }

// Set parses a size. It refuses a number without a unit, which may mean bytes or GiB.
// It rounds a part of a byte up.
func (s *size) Set(text string) error {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return usagef("want a number with its unit such as 20G, 1.5T or 512M")
	}
	if m[2] == "" {
		return usagef("the unit is missing: write %sG for GiB or %sB for bytes", m[1], m[1])
	}
	unit, ok := sizeUnits[strings.ToLower(m[2])]
	if !ok {
		return usagef("unknown unit %q, want B, K, M, G, T or P, as 20G, 20GiB or 20GB", m[2])
	}
	bytes, _ := new(big.Rat).SetString(m[1]) // the form is one that it takes
	bytes.Mul(bytes, new(big.Rat).SetInt64(unit))
	whole, rest := new(big.Int).QuoRem(bytes.Num(), bytes.Denom(), new(big.Int))
	if rest.Sign() != 0 {
		whole.Add(whole, big.NewInt(1))
	}
	switch {
	case whole.Sign() == 0:
		return usagef("a size of 0 makes no volume")
	case whole.Cmp(big.NewInt(maxSize)) > 0:
		return usagef("larger than 4096P, the most that can be rounded up without overflow")
	}
	*s = size(whole.Int64())
	return nil
}

// sizeText prints bytes for people, in binary units.
func sizeText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	text := fmt.Sprintf("%.1f", value)
	return strings.TrimSuffix(text, ".0") + " " + units[unit]
}

// roundedText prints the size that the storage made of the one asked for, with both
// in bytes when it rounded.
func roundedText(got int64, asked size) string {
	if got == int64(asked) {
		return sizeText(got)
	}
	return fmt.Sprintf("%s (%d bytes, rounded up from %d)", sizeText(got), got, asked)
}
