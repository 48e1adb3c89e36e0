package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/zbs"
)

const defaultConfig = "/etc/zbsclient/libvirt-hook.yaml"

// config is the hook's configuration:
//
//	mds: [mds-a, mds-b, mds-c]
//	host: 10.0.0.2          # this host's address, as the MDS list it
//	hosts: 3                # how many hosts have the pool attached
//	vhost-pool: pool        # of the bdevs, which are called as their volumes
//	timeout: 60s            # for the whole check; it takes 13 s when all is well
//	state: /run/zbsclient   # where announced migrations are noted
type config struct {
	MDS       []string      `yaml:"mds"`
	Host      string        `yaml:"host"`
	Hosts     int           `yaml:"hosts"`
	VhostPool string        `yaml:"vhost-pool"`
	Timeout   time.Duration `yaml:"timeout"`
	State     string        `yaml:"state"`
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
		return c, fmt.Errorf("%s: not a configuration of known keys", path) // its text could quote a password
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c config) check() error {
	_, err := netip.ParseAddr(c.Host)
	switch {
	case len(c.MDS) == 0:
		return errors.New("mds lists none")
	case err != nil:
		return fmt.Errorf("host %q is no IP address", c.Host)
	case c.Hosts < 1:
		return errors.New("hosts must be the number of hosts that have the pool attached")
	case c.Timeout <= 0:
		return errors.New("timeout must be positive")
	}
	return nil
}

// migrationLasts is how long after its announcement a domain may be prepared to
// count as migrating. Libvirt does the one right after the other; whoever starts
// the domain by hand so soon after a migration failed passes for it.
const migrationLasts = 5 * time.Second

// announce notes that the domain will come from another host.
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

// announced reports whether the domain was announced just now, and forgets it:
// the next start is no migration.
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
