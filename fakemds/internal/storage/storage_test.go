package storage_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// start is any instant.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// with runs f on a storage with the volume lp1/vol of 10 bytes and its snapshot s1.
func with(t *testing.T, f func(s *storage.State, v *storage.Volume)) {
	t.Helper()
	storage.New(storage.Options{}).Do(func(s *storage.State) {
		s.AddPool("lp1", "pp1")
		v, err := s.Create("lp1", "vol", 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.CreateSnapshot("s1"); err != nil {
			t.Fatal(err)
		}
		f(s, v)
	})
}

func TestCommandsFail(t *testing.T) {
	open := func(s *storage.State, v *storage.Volume) { s.Open(v, storage.Address{IP: "10.0.0.5"}, start) }
	clone := func(s *storage.State, v *storage.Volume) {
		v.Protect("s1")
		s.Clone(v, "s1", "clone")
	}
	for _, row := range []struct {
		name    string
		given   func(s *storage.State, v *storage.Volume)
		command func(s *storage.State, v *storage.Volume) error
		want    string
		exit    bool // the command ends with a status other than 0
	}{
		{"find no volume", nil, func(s *storage.State, _ *storage.Volume) error {
			_, err := s.Find("GetFileInfo", "lp1", "none")
			return err
		}, "Rpc[GetFileInfo] for [lp1/none] status code: kFileNotExists", false},
		{"create in no pool", nil, func(s *storage.State, _ *storage.Volume) error {
			_, err := s.Create("lp2", "vol", 1)
			return err
		}, "Rpc[CreateFile] for [lp2/vol] status code: kFileNotExists", false},
		{"create again", nil, func(s *storage.State, _ *storage.Volume) error {
			_, err := s.Create("lp1", "vol", 1)
			return err
		}, "Rpc[CreateFile] for [lp1/vol] status code: kFileExists", false},
		{"shrink", nil, func(_ *storage.State, v *storage.Volume) error {
			_, err := v.Extend(9)
			return err
		}, "Rpc[ExtendFile] for [lp1/vol] status code: kShrinkBiggerFile", false},
		{"snapshot again", nil, func(_ *storage.State, v *storage.Volume) error { return v.CreateSnapshot("s1") },
			"Rpc[CreateSnapShot] for [lp1/vol@s1] status code: kFileExists", false},
		{"delete no snapshot", nil, func(_ *storage.State, v *storage.Volume) error { return v.DeleteSnapshot("s2") },
			"Rpc[DeleteSnapShot] for [lp1/vol@s2] status code: kSnapshotFileNotExists", false},
		{"protect no snapshot", nil, func(_ *storage.State, v *storage.Volume) error { return v.Protect("s2") },
			"Error: Rpc[ProtectSnapShot] for [lp1/vol@s2] status code: kSnapshotFileNotExists", true},
		{"roll back to no snapshot", nil, func(s *storage.State, v *storage.Volume) error { return s.Rollback(v, "s2", start) },
			"Rpc[Rollback] for [lp1/vol@s2] status code: kSnapshotFileNotExists", false},
		{"roll back in use", open, func(s *storage.State, v *storage.Volume) error { return s.Rollback(v, "s1", start) },
			"Rpc[Rollback] for [lp1/vol@s1] status code: kFileOccupied", false},
		{"clone without protection", nil, func(s *storage.State, v *storage.Volume) error {
			_, err := s.Clone(v, "s1", "clone")
			return err
		}, "Rpc[Clone] for [lp1/vol@s1] status code: kNotSupported", false},
		{"clone into a volume that exists", clone, func(s *storage.State, v *storage.Volume) error {
			_, err := s.Clone(v, "s1", "clone")
			return err
		}, "Error: Rpc[Clone] for [lp1/vol@s1] status code: kFileExists", true},
		{"copy no snapshot", nil, func(s *storage.State, v *storage.Volume) error {
			_, err := s.Copy(v, "s2", "lp1", "copy")
			return err
		}, "Rpc[Copy] for [lp1/vol@s2] status code: kSnapshotFileNotExists", false},
		{"delete in use", open, func(s *storage.State, v *storage.Volume) error { return s.Delete(v, start) },
			"Error: Rpc[DeleteFile] for [lp1/vol] status code: kFileOccupied", true},
		{"delete with a clone", clone, func(s *storage.State, v *storage.Volume) error { return s.Delete(v, start) },
			"Error: Rpc[DeleteFile] for [lp1/vol] status code: kFileUnderSnapShot", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			with(t, func(s *storage.State, v *storage.Volume) {
				if row.given != nil {
					row.given(s, v)
				}
				err := row.command(s, v)
				want := error(storage.Error(row.want))
				if row.exit {
					want = storage.CommandError(row.want)
				}
				if err != want {
					t.Errorf("got  %v\nwant %v", err, want)
				}
				if s.Volume("lp1", "vol") == nil {
					t.Error("the volume is gone")
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	with(t, func(s *storage.State, v *storage.Volume) {
		if err := s.Delete(v, start); err != nil {
			t.Fatal(err)
		}
		if s.Volume("lp1", "vol") != nil || len(s.Pool("lp1").Volumes) != 0 {
			t.Error("the volume is there")
		}
		if s.Remove("lp1", "vol") {
			t.Error("removed what was deleted")
		}
	})
}

// A clone keeps the snapshot that it depends on, until Flatten.
func TestClone(t *testing.T) {
	with(t, func(s *storage.State, v *storage.Volume) {
		if err := v.Protect("s1"); err != nil {
			t.Fatal(err)
		}
		if grown, err := v.Extend(20); err != nil || !grown {
			t.Fatalf("extend: %v, %v", grown, err)
		}
		c, err := s.Clone(v, "s1", "clone")
		if err != nil {
			t.Fatal(err)
		}
		if c.Path() != "cbd:pp1/lp1/clone" || c.Size != 10 || c.Used != 0 || c.Parent != "lp1/vol@s1" {
			t.Errorf("clone %s of %d bytes, %d used, parent %s", c.Path(), c.Size, c.Used, c.Parent)
		}
		if !s.HasClone(v, "s1") || s.HasClone(v, "s2") {
			t.Error("the clone is not known by its snapshot")
		}
		if !c.Flatten() || c.Flatten() || s.HasClone(v, "s1") || c.Used != 10 {
			t.Errorf("flatten: parent %q, %d used", c.Parent, c.Used)
		}
	})
}

func TestRollbackAndCopy(t *testing.T) {
	with(t, func(s *storage.State, v *storage.Volume) {
		v.Extend(20)
		if err := s.Rollback(v, "s1", start); err != nil || v.Size != 10 || v.Rollbacks != 1 {
			t.Errorf("rollback: %v, %d bytes, %d times", err, v.Size, v.Rollbacks)
		}
		s.AddPool("lp2", "pp2")
		made, err := s.Copy(v, "s1", "lp2", "copy")
		if err != nil || made.File() != "lp2/copy" || made.Size != 10 || made.Used != 10 || made.Parent != "" {
			t.Errorf("copy: %v, %+v", err, made)
		}
		if allocated, used := s.Pool("lp2").Usage(); allocated != 10 || used != 10 {
			t.Errorf("usage: %d, %d", allocated, used)
		}
	})
}

// Snapshots that were deleted do not give their number back.
func TestSnapshotNumbers(t *testing.T) {
	with(t, func(_ *storage.State, v *storage.Volume) {
		if err := errors.Join(v.CreateSnapshot("s2"), v.DeleteSnapshot("s2"), v.CreateSnapshot("s3")); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, sn := range v.Snapshots {
			got[sn.Name] = sn.SeqNum
		}
		if want := map[string]int{"s1": 1, "s3": 3}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestParseSize(t *testing.T) {
	for _, row := range []struct {
		number, unit string
		want         int64 // 0: an error
	}{
		{"3", "", 3 << 30}, {"3", "G", 3 << 30}, {"3", "GiB", 3 << 30},
		{"3", "M", 3 << 20}, {"3", "MiB", 3 << 20}, {"3", "T", 3 << 40},
		{"0", "G", 0}, {"", "G", 0}, {"-1", "G", 0}, {"1.5", "G", 0}, {"None", "", 0}, {"1", "B", 0},
		{"99999999999999", "", 0}, {"4294967296", "G", 1 << 62}, {"4294967297", "G", 0},
	} {
		got, err := storage.ParseSize(row.number, row.unit)
		if got != row.want || (err == nil) != (row.want > 0) {
			t.Errorf("%q %q: %d, %v, want %d", row.number, row.unit, got, err, row.want)
		}
		if want := storage.Error("Rpc[ParseSize] for [" + row.number + row.unit + "] status code: kParaError"); err != nil && err != want {
			t.Errorf("%q %q: %v, want %v", row.number, row.unit, err, want)
		}
	}
}
