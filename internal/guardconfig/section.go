// Package guardconfig reads from a configuration file how volumes are guarded, and
// builds the Guard from it. zbsctl and the libvirt hook both use it.
//
//	hosts:                    # as package hostfile reads them; or
//	hostsFile: hosts.yaml     # beside this file unless absolute; or
//	zstackDatabase: {dsnFile: zstack.dsn}
//	timing: {refresh: 5s, leader-retry: 8s}
//	self-fencing: 150s
//	max-fence-age: 10m
//
// A mistake is an error that names file and line. It never quotes the DSN.
package guardconfig

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
)

// Section has the keys of a configuration. Embed it inline in a struct that is decoded
// from YAML. Its nodes keep their lines for errors.
type Section struct {
	Hosts          yaml.Node       `yaml:"hosts"`
	HostsFile      yaml.Node       `yaml:"hostsFile"`
	ZStackDatabase databaseSection `yaml:"zstackDatabase"`
	Timing         timingSection   `yaml:"timing"`
	SelfFencing    yaml.Node       `yaml:"self-fencing"`
	MaxFenceAge    yaml.Node       `yaml:"max-fence-age"`
}

type timingSection struct {
	Refresh        yaml.Node `yaml:"refresh"`
	LeaderRetry    yaml.Node `yaml:"leader-retry"`
	RegistryExpiry yaml.Node `yaml:"registry-expiry"`
	Interval       yaml.Node `yaml:"interval"`
	Span           yaml.Node `yaml:"span"`
	Rounds         yaml.Node `yaml:"rounds"`
}

// Read checks the section of the file at path and returns its Config. Relative paths
// in it start at the directory of that file. Config.Open reads the files and
// databases that it names.
func (s Section) Read(path string, getenv func(string) string) (Config, error) {
	r := reader{path: path, getenv: getenv}
	var c Config
	c.Hosts = r.hosts(s)
	c.SelfFencing = r.duration("self-fencing", s.SelfFencing)
	c.MaxFenceAge = r.duration("max-fence-age", s.MaxFenceAge)
	c.Timing.Refresh = r.duration("timing: refresh", s.Timing.Refresh)
	c.Timing.LeaderRetry = r.duration("timing: leader-retry", s.Timing.LeaderRetry)
	c.Timing.RegistryExpiry = r.duration("timing: registry-expiry", s.Timing.RegistryExpiry)
	c.Timing.RoundInterval = r.duration("timing: interval", s.Timing.Interval)
	c.Timing.Span = r.duration("timing: span", s.Timing.Span)
	c.Timing.Rounds = r.rounds(s.Timing.Rounds)
	if err := c.Timing.WithDefaults().Check(); err != nil && len(r.errs) == 0 {
		r.fail(s.Timing.line(), "%w", err)
	}
	return c, errors.Join(r.errs...)
}

// line returns the line of the first key of the timing.
func (t timingSection) line() int {
	line := 0
	for _, n := range []yaml.Node{t.Refresh, t.LeaderRetry, t.RegistryExpiry, t.Interval, t.Span, t.Rounds} {
		if n.Line > 0 && (line == 0 || n.Line < line) {
			line = n.Line
		}
	}
	return line
}

// reader collects mistakes.
type reader struct {
	path   string
	getenv func(string) string
	errs   []error
}

func (r *reader) fail(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s: %w", at(r.path, line), fmt.Errorf(format, args...)))
}

func at(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

// hosts returns the one source of hosts that is named.
func (r *reader) hosts(s Section) Hosts {
	var named []string
	var h Hosts
	if s.Hosts.Kind != 0 {
		named = append(named, "hosts")
		h = r.literal(s.Hosts)
	}
	if s.HostsFile.Kind != 0 {
		named = append(named, "hostsFile")
		h = File(at(r.path, s.HostsFile.Line)+": hostsFile", r.beside(r.text("hostsFile", s.HostsFile)))
	}
	if s.ZStackDatabase.given() {
		named = append(named, "zstackDatabase")
		h.database = r.database(s.ZStackDatabase)
	}
	if len(named) > 1 {
		r.fail(max(s.Hosts.Line, s.HostsFile.Line), "%s and %s are both given, keep one source of hosts", named[0], named[1])
	}
	return h
}

// literal reads hosts that are listed in the configuration itself. It explains a
// number, because older configurations had one.
func (r *reader) literal(list yaml.Node) Hosts {
	if n, err := strconv.Atoi(list.Value); err == nil && list.Kind == yaml.ScalarNode {
		r.fail(list.Line, "hosts: %d: a number cannot tell which host is missing; list every host as \"- {name: kvm-1, addrs: [10.0.0.5]}\", or name a file that does with hostsFile", n)
		return Hosts{}
	}
	hosts, err := hostfile.Decode(r.path, &list)
	if err != nil {
		r.errs = append(r.errs, err) // it names file and line
	}
	return Hosts{literal: hosts, where: at(r.path, list.Line)}
}

// text reads a text that must not be empty.
func (r *reader) text(key string, n yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		r.fail(n.Line, "%s: want a text", key)
	}
	return n.Value
}

// beside makes a path relative to the file's directory.
func (r *reader) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.path), path)
}

// duration reads a positive duration; 0 if the key is absent.
func (r *reader) duration(key string, n yaml.Node) time.Duration {
	if n.Kind == 0 {
		return 0
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil || d <= 0 {
		r.fail(n.Line, "%s %q is no positive duration such as 10s", key, n.Value)
	}
	return d
}

func (r *reader) rounds(n yaml.Node) int {
	if n.Kind == 0 {
		return 0
	}
	rounds, err := strconv.Atoi(n.Value)
	if err != nil || rounds < 2 {
		r.fail(n.Line, "timing: rounds %q, want a number of at least 2", n.Value)
	}
	return rounds
}
