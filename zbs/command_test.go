package zbs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/zbsclient/zbsclient/zbs"
)

// command is a Command of any answer.
type command interface {
	Endpoint() zbs.Endpoint
	Validate() error
}

var (
	aVolume   = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v"}}
	aSnapshot = zbs.CBDPath{PhysicalPool: "pp", Path: zbs.Path{Pool: "lp", Volume: "v", Snapshot: "s"}}
	tenGiB    = zbs.Size{Count: 10240, Unit: "M"}
	aHost     = zbs.HostAccess{IP: "10.0.0.9", Port: 22, Username: "root", Password: "p'w S3cret"}
)

// What each command is on the wire, and how often it may run.
func TestCommandsOnTheWire(t *testing.T) {
	for _, tc := range []struct {
		command  command
		endpoint string
		repeat   zbs.Repeat
		fields   string
	}{
		{zbs.Echo{}, "echo", zbs.Read, ``},
		{zbs.GetFacts{}, "facts", zbs.Read, ``},
		{zbs.Ping{Cluster: zbs.Facts{UUID: "u", Version: "1.6.2"}}, "ping", zbs.Read, `"clusterInfo":{"uuid":"u","version":"1.6.2"}`},
		{zbs.SyncMetadata{AgentVersion: "5.5.0"}, "metadata/sync", zbs.Idempotent, `"agentVersion":"5.5.0"`},
		{zbs.GetCapacity{}, "capacity", zbs.Read, ``},
		{zbs.GetCapacity{LogicalPools: []string{"lp"}}, "capacity", zbs.Read, `"logicalPoolNames":["lp"]`},
		{zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare}}, "resource/usage", zbs.Read, `"cgroupNames":["zstone.share.slice"]`},
		{zbs.CreateVolume{LogicalPool: "lp", Volume: "v", Size: tenGiB}, "volume/create", zbs.Unsafe,
			`"logicalPool":"lp","volume":"v","size":10240,"unit":"M","skipIfExisting":false`},
		{zbs.CreateVolume{LogicalPool: "lp", Volume: "v", Size: zbs.Size{Count: 10}, SkipIfExisting: true}, "volume/create", zbs.Idempotent,
			`"logicalPool":"lp","volume":"v","size":10,"skipIfExisting":true`},
		{zbs.DeleteVolume{Path: aVolume}, "volume/delete", zbs.Idempotent, `"path":"cbd:pp/lp/v"`},
		{zbs.QueryVolume{Path: aVolume}, "volume/query", zbs.Read, `"path":"cbd:pp/lp/v"`},
		{zbs.QueryVolumes{Paths: []zbs.CBDPath{aVolume}}, "volume/query/batch", zbs.Read, `"installPaths":["cbd:pp/lp/v"]`},
		{zbs.QueryVolumes{}, "volume/query/batch", zbs.Read, `"installPaths":[]`},
		{zbs.CloneVolume{Path: aSnapshot, DstVolume: "c"}, "volume/clone", zbs.Unsafe, `"path":"cbd:pp/lp/v@s","dstVolume":"c"`},
		{zbs.ExpandVolume{Path: aVolume, Size: tenGiB}, "volume/expand", zbs.Idempotent, `"path":"cbd:pp/lp/v","size":10240,"unit":"M"`},
		{zbs.FlattenVolume{Path: aVolume}, "volume/flatten", zbs.Idempotent, `"path":"cbd:pp/lp/v"`},
		{zbs.ExportNBD{Path: aSnapshot, Ports: zbs.PortRange{First: 10600, Last: 10800}}, "volume/cbdtonbd", zbs.Unsafe,
			`"path":"cbd:pp/lp/v@s","portRange":"10600:10800"`},
		{zbs.ExportNBD{Path: aVolume, Ports: zbs.PortRange{First: 1, Last: 1, Dash: true}}, "volume/cbdtonbd", zbs.Unsafe,
			`"path":"cbd:pp/lp/v","portRange":"1-1"`},
		{zbs.UnexportNBD{Port: 10600}, "volume/cleannbd", zbs.Idempotent, `"port":10600`},
		{zbs.GetVolumeClients{Path: aVolume}, "volume/clients", zbs.Read, `"path":"cbd:pp/lp/v"`},
		{zbs.CreateSnapshot{Path: aVolume, Snapshot: "s"}, "snapshot/create", zbs.Unsafe, `"path":"cbd:pp/lp/v","snapshot":"s","skipOnExisting":false`},
		{zbs.CreateSnapshot{Path: aVolume, Snapshot: "s", SkipOnExisting: true}, "snapshot/create", zbs.Idempotent,
			`"path":"cbd:pp/lp/v","snapshot":"s","skipOnExisting":true`},
		{zbs.DeleteSnapshot{Path: aSnapshot}, "snapshot/delete", zbs.Idempotent, `"path":"cbd:pp/lp/v@s"`},
		{zbs.RollbackSnapshot{Path: aSnapshot}, "snapshot/rollback", zbs.Unsafe, `"path":"cbd:pp/lp/v@s"`},
		{zbs.CopySnapshot{Path: aSnapshot, DstVolume: "c"}, "copy", zbs.Unsafe, `"path":"cbd:pp/lp/v@s","dstVolume":"c"`},
		{zbs.CopySnapshot{Path: aSnapshot, DstVolume: "c", DstPool: "lp2"}, "copy", zbs.Unsafe, `"path":"cbd:pp/lp/v@s","dstVolume":"c","dstPool":"lp2"`},
		{zbs.DeployClient{Host: aHost}, "client/deploy", zbs.Unsafe, `"ip":"10.0.0.9","port":22,"username":"root","password":"p'w S3cret"`},
		{zbs.DeployVhost{Host: aHost}, "vhost/deploy", zbs.Unsafe, `"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"p'w S3cret"`},
		{zbs.DeployVhost{Host: aHost, HugepageSize: 2, HugepageDir: "/dev/hugepages"}, "vhost/deploy", zbs.Unsafe,
			`"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"p'w S3cret","hugepageSize":2,"hugepageDir":"/dev/hugepages"`},
		{zbs.DestroyVhost{Host: aHost}, "vhost/destroy", zbs.Unsafe, `"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"p'w S3cret"`},
		{zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "v", Bdev: "b"}, "vhost/bdev/create", zbs.Unsafe,
			`"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"p'w S3cret","logicalPool":"lp","volume":"v","bdevName":"b"`},
		{zbs.DeleteBdev{Host: aHost, Bdev: "b"}, "vhost/bdev/delete", zbs.Unsafe,
			`"hostIp":"10.0.0.9","sshPort":22,"sshUsername":"root","sshPassword":"p'w S3cret","bdevName":"b"`},
	} {
		name := fmt.Sprintf("%T", tc.command)
		if err := tc.command.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e := tc.command.Endpoint(); e.Name != tc.endpoint || e.Repeat != tc.repeat {
			t.Errorf("%s goes to %s, %s; want %s, %s", name, e.Name, e.Repeat, tc.endpoint, tc.repeat)
		}
		want := `{"addr":"mds-a"` + strings.Repeat(",", min(1, len(tc.fields))) + tc.fields + `}`
		if body, err := (zbs.Envelope{Addr: "mds-a"}).Encode(tc.command); err != nil || string(body) != want {
			t.Errorf("%s: %s, %v; want %s", name, body, err, want)
		}
	}
}

// Whatever would be misread or reach a shell is refused, with the error that
// says which kind of mistake it is.
func TestCommandsRefuse(t *testing.T) {
	otherHost := func(change func(*zbs.HostAccess)) zbs.HostAccess {
		h := aHost
		change(&h)
		return h
	}
	for _, tc := range []struct {
		why     string
		command command
		match   error
	}{
		{"delete of a snapshot path deletes the volume", zbs.DeleteVolume{Path: aSnapshot}, zbs.ErrInvalidPath},
		{"expand of a snapshot path expands the volume", zbs.ExpandVolume{Path: aSnapshot, Size: tenGiB}, zbs.ErrInvalidPath},
		{"query of a snapshot path answers for the volume", zbs.QueryVolumes{Paths: []zbs.CBDPath{aVolume, aSnapshot}}, zbs.ErrInvalidPath},
		{"flatten takes a volume", zbs.FlattenVolume{Path: aSnapshot}, zbs.ErrInvalidPath},
		{"a snapshot of a snapshot", zbs.CreateSnapshot{Path: aSnapshot, Snapshot: "s2"}, zbs.ErrInvalidPath},
		{"delete of a volume's path does nothing", zbs.DeleteSnapshot{Path: aVolume}, zbs.ErrInvalidPath},
		{"rollback to None", zbs.RollbackSnapshot{Path: aVolume}, zbs.ErrInvalidPath},
		{"copy takes a snapshot", zbs.CopySnapshot{Path: aVolume, DstVolume: "c"}, zbs.ErrInvalidPath},
		{"clone takes a snapshot", zbs.CloneVolume{Path: aVolume, DstVolume: "c"}, zbs.ErrInvalidPath},
		{"a volume named None", zbs.CreateVolume{LogicalPool: "lp", Size: tenGiB}, zbs.ErrInvalidName},
		{"the shell in a volume", zbs.CreateVolume{LogicalPool: "lp", Volume: "$(reboot)", Size: tenGiB}, zbs.ErrInvalidName},
		{"the shell in a clone", zbs.CloneVolume{Path: aSnapshot, DstVolume: "c;reboot"}, zbs.ErrInvalidName},
		{"the shell in a copy", zbs.CopySnapshot{Path: aSnapshot, DstVolume: "a b"}, zbs.ErrInvalidName},
		{"the shell in a copy's pool", zbs.CopySnapshot{Path: aSnapshot, DstVolume: "c", DstPool: "a\nb"}, zbs.ErrInvalidName},
		{"the shell in a snapshot", zbs.CreateSnapshot{Path: aVolume, Snapshot: "s|x"}, zbs.ErrInvalidName},
		{"a snapshot named None", zbs.CreateSnapshot{Path: aVolume}, zbs.ErrInvalidName},
		{"the shell in a bdev", zbs.DeleteBdev{Host: aHost, Bdev: "b&"}, zbs.ErrInvalidName},
		{"a bdev of no volume", zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Bdev: "b"}, zbs.ErrInvalidName},
		{"the shell in a version", zbs.SyncMetadata{AgentVersion: "5;x"}, zbs.ErrInvalidName},
		{"a version that unsyncs the agent", zbs.SyncMetadata{}, zbs.ErrInvalidName},
		{"no size", zbs.CreateVolume{LogicalPool: "lp", Volume: "v"}, zbs.ErrInvalidCommand},
		{"a unit of its own", zbs.ExpandVolume{Path: aVolume, Size: zbs.Size{Count: 1, Unit: "G;x"}}, zbs.ErrInvalidCommand},
		{"ports the wrong way round", zbs.ExportNBD{Path: aVolume, Ports: zbs.PortRange{First: 2, Last: 1}}, zbs.ErrInvalidCommand},
		{"no ports", zbs.ExportNBD{Path: aVolume}, zbs.ErrInvalidCommand},
		{"no port", zbs.UnexportNBD{}, zbs.ErrInvalidCommand},
		{"no cgroup", zbs.GetResourceUsage{}, zbs.ErrInvalidCommand},
		{"a cgroup of its own", zbs.GetResourceUsage{Cgroups: []string{"foo"}}, zbs.ErrInvalidCommand},
		{"a cgroup twice", zbs.GetResourceUsage{Cgroups: []string{zbs.CgroupShare, zbs.CgroupShare}}, zbs.ErrInvalidCommand},
		{"no host", zbs.DeployClient{}, zbs.ErrInvalidCommand},
		{"the shell in a host", zbs.DeployClient{Host: otherHost(func(h *zbs.HostAccess) { h.IP = "10.0.0.9;x" })}, zbs.ErrInvalidCommand},
		{"the shell in a user", zbs.DestroyVhost{Host: otherHost(func(h *zbs.HostAccess) { h.Username = "ro ot" })}, zbs.ErrInvalidName},
		{"a newline in a password", zbs.DeployVhost{Host: otherHost(func(h *zbs.HostAccess) { h.Password = "S3cret\n" })}, zbs.ErrInvalidCommand},
		{"no password", zbs.DeployVhost{Host: otherHost(func(h *zbs.HostAccess) { h.Password = "" })}, zbs.ErrInvalidCommand},
		{"no ssh port", zbs.DeployVhost{Host: otherHost(func(h *zbs.HostAccess) { h.Port = 0 })}, zbs.ErrInvalidCommand},
		{"a relative directory", zbs.DeployVhost{Host: aHost, HugepageDir: "dev"}, zbs.ErrInvalidCommand},
		{"the shell in a directory", zbs.DeployVhost{Host: aHost, HugepageDir: "/dev/$x"}, zbs.ErrInvalidName},
		{"negative hugepages", zbs.DeployVhost{Host: aHost, HugepageSize: -1}, zbs.ErrInvalidCommand},
	} {
		err := tc.command.Validate()
		if !errors.Is(err, tc.match) {
			t.Errorf("%s: %T: %v, want %v", tc.why, tc.command, err, tc.match)
		}
		if err != nil && strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%s: the error tells the password: %v", tc.why, err)
		}
	}
}

// A password shows in no way of printing a command, and only Encode sends it.
func TestSecretIsNotSeen(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	for _, c := range []command{
		zbs.DeployClient{Host: aHost}, zbs.DeployVhost{Host: aHost}, zbs.DestroyVhost{Host: aHost},
		zbs.CreateBdev{Host: aHost, LogicalPool: "lp", Volume: "v", Bdev: "b"}, zbs.DeleteBdev{Host: aHost, Bdev: "b"},
	} {
		marshalled, err := json.Marshal(c)
		if err != nil {
			t.Error(err)
		}
		logger.Info("command", "command", c, "password", aHost.Password)
		seen := fmt.Sprintf("%v %+v %#v %s %q %s", c, c, c, c, aHost.Password, marshalled) + log.String()
		if strings.Contains(seen, "S3cret") {
			t.Errorf("%T shows its password: %s", c, seen)
		}
	}
}

func TestSizeFor(t *testing.T) {
	for _, tc := range []struct {
		version string
		bytes   int64
		want    zbs.Size
	}{
		{"1.6.1", 1, zbs.Size{Count: 1, Unit: "M"}},
		{"1.6.2", 10 * zbs.GiB, zbs.Size{Count: 10240, Unit: "M"}},
		{"1.6.1-rc3", zbs.MiB + 1, zbs.Size{Count: 2, Unit: "M"}},
		{"2.0", zbs.MiB, zbs.Size{Count: 1, Unit: "M"}},
		{"1.10.0", zbs.MiB, zbs.Size{Count: 1, Unit: "M"}},
		{"1.6.0", zbs.MiB, zbs.Size{Count: 1}},
		{"1.6", zbs.GiB + 1, zbs.Size{Count: 2}},
		{"", zbs.GiB, zbs.Size{Count: 1}},
		{"unknown", 3*zbs.GiB - 1, zbs.Size{Count: 3}},
	} {
		if got, err := zbs.SizeFor(tc.version, tc.bytes); err != nil || got != tc.want {
			t.Errorf("%d bytes for %q: %+v, %v; want %+v", tc.bytes, tc.version, got, err, tc.want)
		}
	}
	for _, bytes := range []int64{0, -1, math.MaxInt64, math.MaxInt64 - zbs.GiB + 1} {
		if got, err := zbs.SizeFor("1.6.2", bytes); !errors.Is(err, zbs.ErrInvalidCommand) {
			t.Errorf("%d bytes: %+v, %v; want ErrInvalidCommand", bytes, got, err)
		}
	}
}

// No byte is lost, and less than a unit is added.
func TestSizeForRoundsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]string{"", "1.6.0", "1.6.1", "1.7"}).Draw(t, "version")
		bytes := rapid.Int64Range(1, math.MaxInt64-zbs.GiB).Draw(t, "bytes")
		size, err := zbs.SizeFor(version, bytes)
		if err != nil {
			t.Fatal(err)
		}
		unit := zbs.GiB
		if size.Unit == "M" {
			unit = zbs.MiB
		}
		if got := size.Bytes(); got < bytes || got-bytes >= unit {
			t.Fatalf("%d bytes become %d (%+v)", bytes, got, size)
		}
	})
}

func TestRootDiskSize(t *testing.T) {
	for _, tc := range []struct{ offering, virtual, actual, want int64 }{
		{10, 20, 30, 10},
		{0, 20, 30, 30},
		{0, 30, 20, 30},
		{0, 0, 20, 20},
		{0, 20, 0, 20},
		{-1, -1, -1, 0},
		{0, 0, 0, 0},
	} {
		if got := zbs.RootDiskSize(tc.offering, tc.virtual, tc.actual); got != tc.want {
			t.Errorf("RootDiskSize(%d, %d, %d) = %d, want %d", tc.offering, tc.virtual, tc.actual, got, tc.want)
		}
	}
}
