package zbs

import (
	"errors"
	"fmt"
)

// MaxNameLength is the longest name accepted, in bytes: POSIX NAME_MAX, because
// the agent hands names to command lines and the storage keeps them in files.
const MaxNameLength = 255

// ErrInvalidName is wrapped by every error about a pool, volume, snapshot or
// host name outside the allow-list. Nothing is ever sent with such a name.
var ErrInvalidName = errors.New("invalid name")

// CheckName reports whether name may stand in a command. Names reach a root
// shell on the MDS unquoted, so they are accepted by allow-list and never
// escaped: 1 to MaxNameLength bytes of A-Z a-z 0-9 '.' '_' '-', the first of
// them neither '-' (it would read as an option) nor '.'. kind says in the error
// what was named, such as "volume". The error wraps ErrInvalidName.
func CheckName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s name is empty: %w", kind, ErrInvalidName)
	case len(name) > MaxNameLength:
		return fmt.Errorf("%s name of %d bytes is longer than %d: %w", kind, len(name), MaxNameLength, ErrInvalidName)
	case name[0] == '-' || name[0] == '.':
		return fmt.Errorf("%s name %q starts with %q: %w", kind, name, name[0], ErrInvalidName)
	}
	for i, r := range name {
		if !nameRune(r) {
			return fmt.Errorf("%s name %q has %q at byte %d, allowed are A-Z a-z 0-9 . _ -: %w", kind, name, r, i, ErrInvalidName)
		}
	}
	return nil
}

func nameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}
