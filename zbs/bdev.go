package zbs

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
)

// BdevScheme is a way in which ZStack names the vhost block device of a volume. The
// zero value, BdevByUUID, is the default of the newest ZStack.
type BdevScheme uint8

const (
	// BdevByUUID names it by the uuid in the volume's name, volume_UUID. ZStack's
	// newest does so.
	BdevByUUID BdevScheme = iota
	// BdevByHash names it by a hash of the install path. Older ZStack does so, and
	// newer with Zbs.vhost.bdevNameUseVolumeUuid=false.
	BdevByHash
)

const (
	bdevPrefix   = "zbs-bdev-"
	volumePrefix = "volume_"
	socketDir    = "/var/zbsvhost/sockets/"
)

var bdevSchemes = [...]string{BdevByUUID: "uuid", BdevByHash: "hash"}

// BdevName returns the name that ZStack gives to the vhost block device of a volume.
// ZStack does not find a bdev of another name.
//
// A volume whose name is not volume_ and a uuid of 32 hexadecimal digits in lower
// case is named by the hash in both schemes: that is inferred, not seen.
//
// Errors wrap ErrInvalidPath for a path that names no volume, such as one of a
// snapshot, and ErrInvalidName for an unknown scheme.
func BdevName(path Path, scheme BdevScheme) (string, error) {
	if err := path.Validate(); err != nil {
		return "", err
	}
	if path.IsSnapshot() {
		return "", pathError(path.String(), fmt.Errorf("it names a snapshot, which has no bdev; the volume is %s", path.OfVolume()))
	}
	if _, err := scheme.MarshalText(); err != nil {
		return "", err
	}
	if uuid, ok := strings.CutPrefix(path.Volume, volumePrefix); ok && scheme == BdevByUUID && isUUID(uuid) {
		return bdevPrefix + uuid, nil
	}
	return bdevPrefix + nameUUID(path.segments()), nil
}

// BdevSocket returns the path of the socket of a bdev, on the host that has it.
func BdevSocket(name string) string { return socketDir + name }

// isUUID reports whether s is a uuid as ZStack writes it, without dashes.
func isUUID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

// nameUUID returns the UUID of version 3 without a namespace, and without dashes:
// that of Java's UUID.nameUUIDFromBytes.
func nameUUID(name string) string {
	sum := md5.Sum([]byte(name))
	sum[6] = sum[6]&0x0f | 0x30 // version
	sum[8] = sum[8]&0x3f | 0x80 // variant
	return hex.EncodeToString(sum[:])
}

// String returns "uuid" or "hash".
func (s BdevScheme) String() string {
	if int(s) < len(bdevSchemes) {
		return bdevSchemes[s]
	}
	return fmt.Sprintf("BdevScheme(%d)", uint8(s))
}

// MarshalText returns "uuid" or "hash". The error about an unknown scheme wraps
// ErrInvalidName.
func (s BdevScheme) MarshalText() ([]byte, error) {
	if int(s) >= len(bdevSchemes) {
		return nil, fmt.Errorf("bdev scheme %d is none of uuid, hash: %w", uint8(s), ErrInvalidName)
	}
	return []byte(bdevSchemes[s]), nil
}

// UnmarshalText takes "uuid" and "hash". The error about anything else wraps
// ErrInvalidName, and leaves s as it is.
func (s *BdevScheme) UnmarshalText(text []byte) error {
	for scheme, name := range bdevSchemes {
		if string(text) == name {
			*s = BdevScheme(scheme)
			return nil
		}
	}
	return fmt.Errorf("bdev scheme %q is none of uuid, hash: %w", text, ErrInvalidName)
}
