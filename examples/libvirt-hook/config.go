package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/zbs"
)

const defaultConfig = "/etc/zbsclient/libvirt-hook.yaml"

// config is the hook's configuration:
//
//	mds: [mds-a, mds-b, mds-c]
//	host: kvm-2             # this host, by name or address in the inventory
//	hostsFile: hosts.yaml   # the inventory of all hosts, beside this file
//	self-fencing: 150s      # only if hosts that lose the MDS end their machines
//	vhost-pool: pool        # of the bdevs, each named after its volume
//	timeout: 60s            # for the whole check; it takes 13 s when all is well
//	state: /run/zbsclient   # where the hook records announced migrations
//
// The inventory may also stand in this file, under hosts, or come from ZStack's
// database. The keys are those of a context of zbsctl (zbsctl help config), including
// timing and max-fence-age.
type config struct {
	MDS       []string      `yaml:"mds"`
	Host      string        `yaml:"host"`
	VhostPool string        `yaml:"vhost-pool"`
	Timeout   time.Duration `yaml:"timeout"`
	State     string        `yaml:"state"`

	guardconfig.Section `yaml:",inline"`
	guard               guardconfig.Config // what the Section configures
}

func readConfig(path string) (config, error) {
	c := config{Timeout: time.Minute, State: "/run/zbsclient"}
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: not a configuration of known keys", path) // the decoder's text could quote a password
	}
	if c.guard, err = c.Section.Read(path, os.Getenv); err != nil {
		return c, err
	}
	c.guard.Allowed = []string{c.Host}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c config) check() error {
	switch {
	case len(c.MDS) == 0:
		return errors.New("mds lists none")
	case c.Host == "":
		return errors.New("host must name this host, as the inventory does")
	case !c.guard.Hosts.Given():
		return errors.New("no inventory of hosts: list every host under hosts, or name a file with hostsFile")
	case c.Timeout <= 0:
		return errors.New("timeout must be positive")
	}
	return nil
}

// migrationLasts is how long after its announcement a domain that is prepared counts
// as migrating. Libvirt prepares it right after the announcement. If a user starts the
// domain by hand so soon after a failed migration, the start counts as one, too.
const migrationLasts = 5 * time.Second

// announce records that the domain will come from another host.
func (c config) announce(guest string) error {
	path, err := c.note(guest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.State, 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o600)
}

// announced reports whether the domain was announced within migrationLasts. It
// deletes the record, because the next start is no migration.
func (c config) announced(guest string) bool {
	path, err := c.note(guest)
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	return os.Remove(path) == nil && time.Since(info.ModTime()).Abs() < migrationLasts
}

func (c config) note(guest string) (string, error) {
	if err := zbs.CheckName("guest", guest); err != nil {
		return "", err
	}
	return filepath.Join(c.State, guest+".migration"), nil
}
