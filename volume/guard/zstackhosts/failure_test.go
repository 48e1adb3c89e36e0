package zstackhosts_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zbsclient/zbsclient/volume/guard/zstackhosts"
)

func TestBadAddressesAreErrors(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "kvm-1.example", "Enabled")
		z.host("h2", "kvm-2", "10.0.0.2", "Enabled")
		z.host("h3", "kvm-3", "10.0.0.3", "Maintenance")
		z.tag("h2", "extraips::192.168.7.2,192.168.7,")
		z.tag("h3", "extraips::10.0.0.0/24")
		hosts, err := z.source().Hosts(t.Context())
		if err == nil || hosts != nil {
			t.Fatalf("got %v, %v, want an error and no hosts", hosts, err)
		}
		got := strings.Split(err.Error(), "\n")
		slices.Sort(got)
		want := []string{
			`host kvm-1: managementIp: "kvm-1.example" is no IP address`,
			`host kvm-2: tag "extraips::192.168.7.2,192.168.7,": "" is no IP address`,
			`host kvm-2: tag "extraips::192.168.7.2,192.168.7,": "192.168.7" is no IP address`,
			`host kvm-3: tag "extraips::10.0.0.0/24": "10.0.0.0/24" is no IP address`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines of the error (-want +got):\n%s", diff)
		}
	})
}

// TestManagementAddressOfAnotherHost: if the address were dropped, a host could not be
// recognised.
func TestManagementAddressOfAnotherHost(t *testing.T) {
	for name, tags := range map[string][]string{
		"in the tag of one host": {"h2"},
		"in the tags of both":    {"h1", "h2"},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, z zstack) {
				z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
				z.host("h2", "kvm-2", "10.0.0.2", "Enabled")
				for _, host := range tags {
					z.tag(host, "extraips::10.0.0.1")
				}
				hosts, err := z.source().Hosts(t.Context())
				if err == nil || hosts != nil || !strings.Contains(err.Error(), "10.0.0.1 belongs to both kvm-1 and kvm-2") {
					t.Errorf("got %v, %v, want an error that names address and hosts", hosts, err)
				}
			})
		})
	}
}

func TestNoHosts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		if hosts, err := z.source().Hosts(t.Context()); !errors.Is(err, zstackhosts.ErrNoHosts) || hosts != nil {
			t.Errorf("empty database: %v, %v, want ErrNoHosts", hosts, err)
		}
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		hosts, err := z.source(zstackhosts.PrimaryStorage("ps9")).Hosts(t.Context())
		if !errors.Is(err, zstackhosts.ErrNoHosts) || !strings.Contains(err.Error(), "ps9") || hosts != nil {
			t.Errorf("unknown primary storage: %v, %v, want ErrNoHosts that names it", hosts, err)
		}
	})
}

func TestFailureIsNoInventory(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if hosts, err := z.source().Hosts(ctx); !errors.Is(err, context.Canceled) || hosts != nil {
			t.Errorf("after the end of ctx: %v, %v, want context.Canceled", hosts, err)
		}
		for _, table := range []string{"VolumeVO", "VmInstanceVO", "SystemTagVO", "HostEO"} {
			z.run(`DROP TABLE ` + table)
			if hosts, err := z.source().Hosts(t.Context()); err == nil || hosts != nil {
				t.Errorf("without %s: %v, %v, want an error and no hosts", table, hosts, err)
			}
		}
	})
}

// brokenRows fail after their first row.
type brokenRows struct {
	driver.Rows
	read bool
}

var errBroken = errors.New("connection lost")

func (r *brokenRows) Next(dest []driver.Value) error {
	if r.read {
		return errBroken
	}
	r.read = true
	return r.Rows.Next(dest)
}

// TestConnectionLostWithinAnAnswer: half of a table is not taken for the whole.
func TestConnectionLostWithinAnAnswer(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		z.host("h2", "kvm-2", "10.0.0.2", "Enabled")
		z.tag("h1", "extraips::192.168.7.1")
		z.tag("h2", "extraips::192.168.7.2")
		z.machine("m1", "h1", "Running", "zbs://pool/vol-1", "zbs://pool/vol-2")
		for _, table := range []string{"FROM HostVO", "FROM SystemTagVO", "FROM VmInstanceVO"} {
			broke := false
			db := z.watched(watch{rows: func(query string, rows driver.Rows) driver.Rows {
				if !strings.Contains(query, table) {
					return rows
				}
				broke = true
				return &brokenRows{Rows: rows}
			}})
			s, err := zstackhosts.New(db)
			if err != nil {
				t.Fatal(err)
			}
			if hosts, err := s.Hosts(t.Context()); !errors.Is(err, errBroken) || hosts != nil || !broke {
				t.Errorf("%s: %v, %v, broke %t, want the error and no hosts", table, hosts, err, broke)
			}
		}
	})
}

// TestHostsAndVolumesAreOfOneMoment: while the source reads, the machine moves to
// another host, and its old host is deleted.
func TestHostsAndVolumesAreOfOneMoment(t *testing.T) {
	eachDatabase(t, func(t *testing.T, z zstack) {
		z.host("h1", "kvm-1", "10.0.0.1", "Enabled")
		z.host("h2", "kvm-2", "10.0.0.2", "Maintenance")
		z.tag("h1", "extraips::192.168.7.1")
		z.machine("m1", "h1", "Running", "zbs://pool/vol")
		before := z.hosts()
		changed := false
		db := z.watched(watch{before: func(query string) {
			if strings.Contains(query, "FROM SystemTagVO") {
				z.exec(`DELETE FROM SystemTagVO`, `UPDATE VmInstanceVO SET hostUuid = 'h2'`, `DELETE FROM HostEO WHERE uuid = 'h1'`)
				changed = true
			}
		}})
		s, err := zstackhosts.New(db)
		if err != nil {
			t.Fatal(err)
		}
		hosts, err := s.Hosts(t.Context())
		if err != nil || !changed {
			t.Fatalf("changed %t, error %v", changed, err)
		}
		if diff := cmp.Diff(before, hosts, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("hosts (-before the change +read during it):\n%s", diff)
		}
		if after := z.hosts(); len(after) != 1 || len(after[0].Open) != 1 {
			t.Errorf("afterwards %+v, want kvm-2 alone with the volume", after)
		}
	})
}

// TestNoPasswordInErrors: the source sees no DSN, and its errors contain none.
func TestNoPasswordInErrors(t *testing.T) {
	db, err := sql.Open("mysql", "zstack:Secr3t@tcp(127.0.0.1:1)/zstack")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := zstackhosts.New(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hosts(t.Context()); err == nil || strings.Contains(err.Error(), "Secr3t") {
		t.Error("want an error without the password")
	}
}

func TestInvalidOptions(t *testing.T) {
	_, err := zstackhosts.New(nil, zstackhosts.PrimaryStorage(""), zstackhosts.WithLogger(nil))
	if !errors.Is(err, zstackhosts.ErrInvalidOption) {
		t.Fatalf("got %v, want ErrInvalidOption", err)
	}
	for _, want := range []string{"no database", "primary storage", "no logger"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
