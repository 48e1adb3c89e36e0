package zbs_test

import (
	"errors"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

const volumeUUID = "0123456789abcdef0123456789abcdef"

// The names that ZStack's own test wants, and those of what it does not test.
func TestBdevName(t *testing.T) {
	for name, row := range map[string]struct {
		path   string
		scheme zbs.BdevScheme
		want   string
		why    string
	}{
		"uuid":         {"zbs://lpool1/volume_" + volumeUUID, zbs.BdevByUUID, "zbs-bdev-" + volumeUUID, "ZStack's test"},
		"hash":         {"zbs://lpool1/volume_" + volumeUUID, zbs.BdevByHash, "zbs-bdev-131c79ed065437ecba5d70dfef40cf94", "ZStack's test"},
		"CBD path":     {"cbd:pp1/lpool1/volume_" + volumeUUID, zbs.BdevByHash, "zbs-bdev-131c79ed065437ecba5d70dfef40cf94", "the install path counts"},
		"other pool":   {"zbs://lpool2/volume_" + volumeUUID, zbs.BdevByUUID, "zbs-bdev-" + volumeUUID, "the uuid is of the volume alone"},
		"no prefix":    {"zbs://lpool1/vol", zbs.BdevByUUID, "zbs-bdev-a7aef2c9d5ef37d88ff5a6b0932bd319", "no uuid in it: the hash"},
		"no prefix 2":  {"zbs://lpool1/vol", zbs.BdevByHash, "zbs-bdev-a7aef2c9d5ef37d88ff5a6b0932bd319", "the same hash"},
		"upper case":   {"zbs://lpool1/volume_0123456789ABCDEF0123456789ABCDEF", zbs.BdevByUUID, "zbs-bdev-3aaa933886c73a74b475833208d97a8c", "ZStack's uuids are of lower case"},
		"one too long": {"zbs://lpool1/volume_" + volumeUUID + "0", zbs.BdevByUUID, "zbs-bdev-d2ddef6c27213cddbc5d9647289c8921", "no uuid"},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := zbs.ParsePath(row.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := zbs.BdevName(path, row.scheme)
			if err != nil || got != row.want {
				t.Errorf("%q, %v; want %q: %s", got, err, row.want, row.why)
			}
			if err := zbs.CheckName("bdev", got); err != nil {
				t.Error(err)
			}
			if socket := zbs.BdevSocket(got); socket != "/var/zbsvhost/sockets/"+row.want {
				t.Errorf("socket %s", socket)
			}
		})
	}
}

func TestBdevNameIsRefused(t *testing.T) {
	for name, path := range map[string]zbs.Path{
		"snapshot": {Pool: "p", Volume: "v", Snapshot: "s"},
		"zero":     {},
		"bad name": {Pool: "p", Volume: "a b"},
	} {
		if got, err := zbs.BdevName(path, zbs.BdevByUUID); got != "" || !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := zbs.BdevName(zbs.Path{Pool: "p", Volume: "v"}, zbs.BdevScheme(7)); got != "" || !errors.Is(err, zbs.ErrInvalidName) {
		t.Errorf("unknown scheme: %q, %v", got, err)
	}
}

// The text of a scheme reads back, and no other text does.
func TestBdevSchemeText(t *testing.T) {
	if zero := zbs.BdevScheme(0); zero != zbs.BdevByUUID {
		t.Errorf("the zero value is %v, want ZStack's default", zero)
	}
	for scheme, want := range map[zbs.BdevScheme]string{zbs.BdevByUUID: "uuid", zbs.BdevByHash: "hash"} {
		text, err := scheme.MarshalText()
		var back zbs.BdevScheme
		if err != nil || string(text) != want || scheme.String() != want || back.UnmarshalText(text) != nil || back != scheme {
			t.Errorf("%v: %s, %v, read back as %v", scheme, text, err, back)
		}
	}
	scheme := zbs.BdevByHash
	for _, text := range []string{"", "UUID", "md5", "hash "} {
		if err := scheme.UnmarshalText([]byte(text)); !errors.Is(err, zbs.ErrInvalidName) || scheme != zbs.BdevByHash {
			t.Errorf("%q: %v, %v", text, scheme, err)
		}
	}
	if _, err := zbs.BdevScheme(7).MarshalText(); !errors.Is(err, zbs.ErrInvalidName) {
		t.Errorf("scheme 7: %v", err)
	}
	if got := zbs.BdevScheme(7).String(); got != "BdevScheme(7)" {
		t.Errorf("scheme 7 is %q", got)
	}
}
