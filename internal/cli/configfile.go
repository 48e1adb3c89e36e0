package cli

import (
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/zbs"
)

// configuration is the configuration file. Its nodes keep the lines for errors.
type configuration struct {
	Current  yaml.Node             `yaml:"current"`
	Contexts map[string]contextYML `yaml:"contexts"`
}

type contextYML struct {
	MDS            []yaml.Node `yaml:"mds"`
	Timeout        yaml.Node   `yaml:"timeout"`
	ConnectTimeout yaml.Node   `yaml:"connect-timeout"`

	guardconfig.Section `yaml:",inline"`
}

// settings are what a Caller and a Guard are made from.
type settings struct {
	mds            []string
	timeout        time.Duration // 0: the default
	connectTimeout time.Duration // 0: the default
	guard          guardconfig.Config
}

// settings checks the context. An error names file and line.
func (c contextYML) settings(path, name string) (settings, error) {
	var s settings
	for _, node := range c.MDS {
		if _, err := zbs.ParseAddr(node.Value); err != nil {
			return s, fmt.Errorf("%s: context %s: %w", at(path, node.Line), name, err)
		}
		s.mds = append(s.mds, node.Value)
	}
	if len(s.mds) == 0 {
		return s, fmt.Errorf("%s: context %s lists no mds", path, name)
	}
	for _, d := range []struct {
		key  string
		node yaml.Node
		into *time.Duration
	}{{"timeout", c.Timeout, &s.timeout}, {"connect-timeout", c.ConnectTimeout, &s.connectTimeout}} {
		if d.node.Value == "" {
			continue
		}
		v, err := time.ParseDuration(d.node.Value)
		if err != nil || v <= 0 {
			return s, fmt.Errorf("%s: context %s: %s %q is no positive duration such as 10s", at(path, d.node.Line), name, d.key, d.node.Value)
		}
		*d.into = v
	}
	return s, nil
}

// at returns where a value stands, without a line when that is 0.
func at(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

func readConfiguration(path string) (*configuration, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var file configuration
	return &file, decodeYAML(f, path, &file)
}
