package zbs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

func TestParsePath(t *testing.T) {
	for _, tc := range []struct {
		in, install string
		why         string
	}{
		{"zbs://lp/vol", "zbs://lp/vol", "install path"},
		{"zbs://lp/vol@snap", "zbs://lp/vol@snap", "install path of a snapshot"},
		{"cbd:pp/lp/vol", "zbs://lp/vol", "the physical pool does not identify the volume"},
		{"cbd:WRONG/lp/vol@s.1", "zbs://lp/vol@s.1", "agents may answer a wrong physical pool"},
		{"zbs://l_p-1/0a1b2c3d4e5f60718293a4b5c6d7e8f9", "zbs://l_p-1/0a1b2c3d4e5f60718293a4b5c6d7e8f9", "a UUID without dashes"},
	} {
		p, err := zbs.ParsePath(tc.in)
		if err != nil || p.String() != tc.install {
			t.Errorf("%s: ParsePath(%q) = %v, %v; want %s", tc.why, tc.in, p, err, tc.install)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for in, why := range map[string]string{
		"":                           "empty",
		"lp/vol":                     "no scheme",
		"pp/lp/vol":                  "no scheme",
		"rbd:pp/lp/vol":              "another scheme",
		"CBD:pp/lp/vol":              "the scheme is lower case",
		"zbs:/lp/vol":                "one slash",
		"zbs://lp":                   "no volume",
		"zbs://lp/":                  "empty volume: the agent answers an empty client list",
		"zbs:///vol":                 "empty pool",
		"zbs://lp/vol/sub":           "another segment: the agent drops it and deletes lp/vol",
		"zbs://lp/vol:x":             "the agent drops what is behind a second colon",
		"zbs://lp/vol@":              "empty snapshot",
		"zbs://lp/vol@a@b":           "two snapshots",
		"zbs://lp/vol?r=remote":      "a remote volume: the agent answers an empty client list",
		"zbs://lp/vol@s?r=x":         "a remote suffix behind the snapshot",
		"zbs://lp/vol ":              "a trailing space is cut by the shell",
		"zbs://lp/vol\n":             "a newline ends the command in the shell",
		"zbs://lp/a;reboot":          "the shell",
		"zbs://lp/$(reboot)":         "the shell",
		"zbs://lp/`reboot`":          "the shell",
		"zbs://lp/-rf":               "reads as an option",
		"zbs://lp/.hidden":           "reads as a relative path",
		"zbs://lp/v\u00f6l":          "not ASCII",
		"cbd:lp/vol":                 "two parts",
		"cbd:/lp/vol":                "empty physical pool: the agent answers an empty client list",
		"cbd:/pp/lp/vol":             "a leading slash",
		"cbd:pp/lp/vol/x":            "a fourth segment",
		"cbd:p p/lp/vol":             "a space",
		"zbs://lp/" + long(256):      "too long",
		"cbd:" + long(300) + "/lp/v": "too long",
	} {
		p, err := zbs.ParsePath(in)
		if !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("%s: ParsePath(%q) = %v, %v; want ErrInvalidPath", why, in, p, err)
		}
		if p != (zbs.Path{}) {
			t.Errorf("%s: ParsePath(%q) = %+v beside its error, want the zero Path", why, in, p)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestNameErrorsSayWhatAndWhere(t *testing.T) {
	_, err := zbs.ParsePath("zbs://lp/vol;x")
	if !errors.Is(err, zbs.ErrInvalidName) {
		t.Errorf("error %v does not match ErrInvalidName", err)
	}
	want := `invalid path "zbs://lp/vol;x": volume name "vol;x" has ';' at byte 3, allowed are A-Z a-z 0-9 . _ -: invalid name`
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v, want\n%v", err, want)
	}
}

// An MDS URL in place of a path does not tell its password.
func TestParsePathOfAnMDSURL(t *testing.T) {
	for _, in := range []string{"root:S3cret@mds-a", "root:a S3cret\"@mds-a:22/", "root:S3@cret@mds-a"} {
		if _, err := zbs.ParsePath(in); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("ParsePath(%q): %v", in, err)
		}
	}
}

func TestCommandsTakeTheirKindOfPath(t *testing.T) {
	snapshot := zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v", Snapshot: "s"}}
	volume := zbs.CBDPath{PhysicalPool: "pp", Path: snapshot.OfVolume()}
	for _, tc := range []struct {
		name             string
		volume, snapshot interface{ Validate() error }
	}{
		{"query", zbs.QueryVolume{Path: volume}, zbs.QueryVolume{Path: snapshot}},
		{"clients", zbs.GetVolumeClients{Path: volume}, zbs.GetVolumeClients{Path: snapshot}},
	} {
		if err := tc.volume.Validate(); err != nil {
			t.Errorf("%s of a volume: %v", tc.name, err)
		}
		if err := tc.snapshot.Validate(); !errors.Is(err, zbs.ErrInvalidPath) {
			t.Errorf("%s of a snapshot: %v, want ErrInvalidPath", tc.name, err)
		}
	}
	if err := (zbs.QueryVolume{}).Validate(); !errors.Is(err, zbs.ErrInvalidPath) {
		t.Errorf("zero path: %v, want ErrInvalidPath", err)
	}
	if err := (zbs.GetCapacity{LogicalPools: []string{"a b"}}).Validate(); !errors.Is(err, zbs.ErrInvalidName) {
		t.Errorf("pool with a space: %v, want ErrInvalidName", err)
	}
}

func TestPoolMap(t *testing.T) {
	capacity := zbs.Capacity{Pools: []zbs.LogicalPool{
		{Name: "lp1", PhysicalName: "pp1"},
		{Name: "lp10", PhysicalName: "pp10"},
		{Name: "bare"},
	}}
	pools, err := capacity.PoolMap()
	if err != nil {
		t.Fatal(err)
	}
	cbd, err := pools.CBDPath(zbs.Path{Pool: "lp1", Volume: "v", Snapshot: "s"})
	if err != nil || cbd.String() != "cbd:pp1/lp1/v@s" {
		t.Errorf("lp1 is on %v, %v; want cbd:pp1/lp1/v@s, not lp10's physical pool", cbd, err)
	}
	if _, err := pools.CBDPath(zbs.Path{Pool: "lp", Volume: "v"}); !errors.Is(err, zbs.ErrUnknownPool) {
		t.Errorf("pool lp: %v, want ErrUnknownPool", err)
	}
	if _, err := pools.CBDPath(zbs.Path{Pool: "bare", Volume: "v"}); !errors.Is(err, zbs.ErrInvalidPath) {
		t.Errorf("pool with no physical one: %v, want ErrInvalidPath", err)
	}
	twice := zbs.Capacity{Pools: []zbs.LogicalPool{{Name: "lp", PhysicalName: "a"}, {Name: "lp", PhysicalName: "b"}}}
	if _, err := twice.PoolMap(); !errors.Is(err, zbs.ErrMalformed) {
		t.Errorf("one logical pool on two physical ones: %v, want ErrMalformed", err)
	}
}

// What parses is sent as it was written: it prints back to a path that parses
// to the same, and holds no byte that a shell or the agent's splitting reads.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"zbs://lp/vol", "zbs://lp/vol@snap", "cbd:pp/lp/vol", "cbd:pp/lp/vol@s", "zbs://lp/v?r=x", "cbd:/lp/v", "zbs://a/b/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := zbs.ParsePath(s)
		if err != nil {
			if !errors.Is(err, zbs.ErrInvalidPath) {
				t.Fatalf("error %v does not match ErrInvalidPath", err)
			}
			return
		}
		if again, err := zbs.ParsePath(p.String()); err != nil || again != p {
			t.Fatalf("%q parses to %v, which prints to %v, %v", s, p, again, err)
		}
		cbd, err := zbs.PoolMap{p.Pool: "pp"}.CBDPath(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := zbs.ParseCBDPath(cbd.String()); err != nil || again != cbd {
			t.Fatalf("%v prints to %v, %v", cbd, again, err)
		}
		if strings.ContainsAny(s, " \t\n;$`'\"\\?&|<>*(){}[]!#~%") {
			t.Fatalf("%q was accepted", s)
		}
	})
}
