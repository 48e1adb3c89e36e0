package zbs

import (
	"math"
	"strconv"
	"strings"
)

// Units of sizes, in bytes.
const (
	KiB int64 = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

// mebibytesSince is the first cluster version that takes sizes in MiB.
const mebibytesSince = "1.6.1"

// Size is a size as the wire spells it: a count of a unit. SizeFor makes one.
// The zero Size is invalid in every command.
type Size struct {
	Count int64  `json:"size"`
	Unit  string `json:"unit,omitempty"` // "M" for MiB; empty for GiB
}

// SizeFor spells a number of bytes for a cluster of the version (Facts.Version): in
// MiB from 1.6.1 on, and in GiB before or where the version is unknown. It rounds up.
func SizeFor(version string, bytes int64) (Size, error) {
	if bytes <= 0 {
		return Size{}, invalid("size of %d bytes is not positive", bytes)
	}
	if bytes > math.MaxInt64-GiB { // rounded up it would be no number of bytes
		return Size{}, invalid("size of %d bytes is too large", bytes)
	}
	if VersionAtLeast(version, mebibytesSince) {
		return Size{Count: roundUp(bytes, MiB), Unit: "M"}, nil
	}
	return Size{Count: roundUp(bytes, GiB)}, nil
}

// roundUp does not overflow, whatever the number of bytes.
func roundUp(bytes, unit int64) int64 {
	count := bytes / unit
	if bytes%unit != 0 {
		count++
	}
	return count
}

// Bytes returns the size in bytes.
func (s Size) Bytes() int64 {
	if s.Unit == "M" {
		return s.Count * MiB
	}
	return s.Count * GiB
}

func (s Size) check() error {
	if s.Count <= 0 || s.Unit != "" && s.Unit != "M" {
		return invalid("size %d%s, make one with SizeFor", s.Count, s.Unit)
	}
	return nil
}

// RootDiskSize returns the size of a root disk made from an image, in bytes:
// the offering's size or, without one, the larger of the image's virtual and actual
// size. A size of 0 or less is missing. Without any it returns 0. The rule is ZStack's.
func RootDiskSize(offering, virtual, actual int64) int64 {
	if offering > 0 {
		return offering
	}
	return max(virtual, actual, 0)
}

// VersionAtLeast compares storage versions by their numbers before any '-':
// 1.6.1-rc2 is at least 1.6.1. An unknown version ("" or no number at its
// beginning) is at least none.
func VersionAtLeast(version, least string) bool {
	have, want := versionNumbers(version), versionNumbers(least)
	if len(have) == 0 {
		return false
	}
	for i, w := range want {
		h := 0
		if i < len(have) {
			h = have[i]
		}
		if h != w {
			return h > w
		}
	}
	return true
}

// versionNumbers stops at the first part that is no number.
func versionNumbers(version string) []int {
	version, _, _ = strings.Cut(version, "-")
	var numbers []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}
