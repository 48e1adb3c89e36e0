package guardconfig_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
)

// read reads the text as the file config.yaml in a directory of its own.
func read(t *testing.T, text string, env map[string]string) (guardconfig.Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"hosts.yaml": "hosts: [{name: kvm-1, addrs: [10.0.0.5]}]",
		"dsn":        "zstack:S3cret@tcp(127.0.0.1:1)/zstack\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var s guardconfig.Section
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s.Read(filepath.Join(dir, "config.yaml"), func(key string) string { return env[key] })
}

func TestSectionIsRead(t *testing.T) {
	c, err := read(t, `
hostsFile: hosts.yaml
timing: {refresh: 1s, leader-retry: 2s, registry-expiry: 3s, interval: 9s, span: 4s, rounds: 3}
self-fencing: 150s
max-fence-age: 5m
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := guard.Timing{Refresh: time.Second, LeaderRetry: 2 * time.Second, RegistryExpiry: 3 * time.Second, RoundInterval: 9 * time.Second, Span: 4 * time.Second, Rounds: 3}
	if c.Timing != want || c.SelfFencing != 150*time.Second || c.MaxFenceAge != 5*time.Minute {
		t.Errorf("read %+v, %v, %v", c.Timing, c.SelfFencing, c.MaxFenceAge)
	}
	inventory, err := c.Hosts.Open(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer inventory.Close()
	if host, ok := inventory.Find("::ffff:10.0.0.5"); !ok || host.Name != "kvm-1" {
		t.Errorf("found %v, %v, want kvm-1 by its address", host, ok)
	}
	if filepath.Base(inventory.From) != "hosts.yaml" {
		t.Errorf("it is from %s, want the file beside the configuration", inventory.From)
	}
}

// The password of a DSN is in no error, whatever is wrong with the DSN.
func TestNoErrorTellsThePassword(t *testing.T) {
	for name, dsn := range map[string]string{
		"no @":            "zstack:S3cret/zstack",
		"no slash":        "zstack:S3cret@tcp(h)",
		"slash within":    "zstack:x/S3cret@tcp(h:1)",
		"nobody listens":  "zstack:S3cret@tcp(127.0.0.1:1)/zstack",
		"password is all": "S3cret",
	} {
		c, err := read(t, "zstackDatabase: {dsnEnv: DSN}", map[string]string{"DSN": dsn})
		if err == nil {
			_, err = c.Hosts.Open(t.Context(), slog.New(slog.DiscardHandler))
		}
		if err == nil || strings.Contains(err.Error(), "S3cret") || !strings.Contains(err.Error(), "config.yaml:1: zstackDatabase") {
			t.Errorf("%s: %v, want an error that names file and line, and no password", name, err)
		}
	}
}

func TestUnreachableDatabaseIsNoMistake(t *testing.T) {
	c, err := read(t, "zstackDatabase: {dsnFile: dsn}", nil)
	if err != nil {
		t.Fatal(err)
	}
	cluster := fakemds.NewCluster(t, 1)
	caller, err := mds.New(cluster.Addrs(), mds.WithDialContext(cluster.DialContext))
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	if _, err := c.Open(t.Context(), caller, slog.New(slog.DiscardHandler)); !errors.Is(err, guardconfig.ErrUnreachable) {
		t.Errorf("%v, want ErrUnreachable", err)
	}
	c.Hosts = guardconfig.Literal("the test", guard.Hosts{{Name: "kvm-1"}})
	if _, err := c.Open(t.Context(), caller, slog.New(slog.DiscardHandler)); err == nil || errors.Is(err, guardconfig.ErrUnreachable) {
		t.Errorf("%v, want a mistake: a host without an address", err)
	}
}
