package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func configTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "How to name the MDS once: environment and configuration file",
		Long: `The MDS come from the first of these that names any:

  1. --mds, repeated or with commas between
  2. ZBS_MDS, with spaces or commas between
  3. the context named by --context, ZBS_CONTEXT or "current" in the configuration
     file: --config, else ZBS_CONFIG, else ~/.config/zbsctl/config.yaml

An MDS is a host name or address, host:port, http(s)://host:port/root, or an MDS
URL user:password@host[:sshPort]/[?mdsPort=N], of which the host alone is used. A
password may hold a comma, so an entry with an @ is never split at commas.

The configuration file:

  current: prod
  contexts:
    prod:
      mds:
        - mds-a
        - mds-b:7763
        - mds-c
      timeout: 10s            # of each attempt, 30s unless set
      connect-timeout: 3s     # of connecting, 30s unless set`,
	}
}

// settings are what a Caller is made from.
type settings struct {
	mds            []string
	timeout        time.Duration
	connectTimeout time.Duration
}

// settings puts flags over environment over configuration file.
func (a *app) settings() (settings, error) {
	var s settings
	list := splitList(a.mdsList)
	if len(list) == 0 {
		list = splitList(strings.Fields(a.getenv("ZBS_MDS")))
	}
	if len(list) == 0 || a.contextName != "" {
		var err error
		if s, err = a.fromFile(); err != nil {
			return s, err
		}
	}
	if len(list) > 0 {
		s.mds = list
	}
	if len(s.mds) == 0 {
		return s, &usageError{fmt.Errorf("%w: none was named", mds.ErrNoCandidates)}
	}
	if a.timeout < 0 || a.connectTimeout < 0 {
		return s, usagef("--timeout and --connect-timeout must be positive")
	}
	if a.timeout > 0 {
		s.timeout = a.timeout
	}
	if a.connectTimeout > 0 {
		s.connectTimeout = a.connectTimeout
	}
	return s, nil
}

// splitList splits entries at commas, save MDS URLs, whose password may hold one.
func splitList(entries []string) []string {
	var list []string
	for _, entry := range entries {
		if strings.Contains(entry, "@") {
			list = append(list, entry)
			continue
		}
		for part := range strings.SplitSeq(entry, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}

// configuration is the file. The nodes keep the lines for errors.
type configuration struct {
	Current  yaml.Node             `yaml:"current"`
	Contexts map[string]contextYML `yaml:"contexts"`
}

type contextYML struct {
	MDS            []yaml.Node `yaml:"mds"`
	Timeout        yaml.Node   `yaml:"timeout"`
	ConnectTimeout yaml.Node   `yaml:"connect-timeout"`
}

// configPath returns the file, and whether the user named it.
func (a *app) configPath() (path string, named bool) {
	if a.configFile != "" {
		return a.configFile, true
	}
	if path = a.getenv("ZBS_CONFIG"); path != "" {
		return path, true
	}
	dir := a.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(a.getenv("HOME"), ".config")
	}
	return filepath.Join(dir, "zbsctl", "config.yaml"), false
}

// fromFile reads the context in force. No file at the usual place is no error
// unless a context was asked for.
func (a *app) fromFile() (settings, error) {
	path, named := a.configPath()
	wanted := a.contextName
	if wanted == "" {
		wanted = a.getenv("ZBS_CONTEXT")
	}
	file, err := readConfiguration(path)
	if errors.Is(err, fs.ErrNotExist) && !named && wanted == "" {
		return settings{}, nil
	}
	if err != nil {
		return settings{}, &usageError{err}
	}
	line := 0
	if wanted == "" {
		wanted, line = file.Current.Value, file.Current.Line
	}
	if wanted == "" {
		return settings{}, usagef("%s: no current context, set one with \"current: NAME\" or --context", path)
	}
	chosen, ok := file.Contexts[wanted]
	if !ok {
		names := strings.Join(slices.Sorted(maps.Keys(file.Contexts)), ", ")
		return settings{}, usagef("%s: no context %q, the file has: %s", at(path, line), wanted, names)
	}
	s, err := chosen.settings(path, wanted)
	if err != nil {
		return s, &usageError{err}
	}
	return s, nil
}

// settings checks the context; an error names file and line.
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

// decodeYAML reads one document and refuses fields it does not know.
func decodeYAML(r io.Reader, path string, into any) error {
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	err := d.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	message := err.Error()
	if typeErr, ok := errors.AsType[*yaml.TypeError](err); ok {
		message = typeErr.Errors[0]
	}
	return errors.New(locate(path, message))
}

var (
	yamlLine  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)`)
	yamlValue = regexp.MustCompile("`.*` ?")
	yamlKind  = regexp.MustCompile(`cannot unmarshal \S+`)
	yamlType  = regexp.MustCompile(` (?:in|into) (?:type )?\S+$`)
)

// locate turns "line 3: field x not found in type cli.y" into FILE:3: field x
// not found. It leaves out quoted values, which may be part of a password.
func locate(path, message string) string {
	message = yamlValue.ReplaceAllString(message, "")
	m := yamlLine.FindStringSubmatch(message)
	if m == nil {
		return path + ": " + strings.TrimPrefix(message, "yaml: ")
	}
	what := yamlKind.ReplaceAllString(yamlType.ReplaceAllString(m[2], ""), "the value here is of the wrong kind")
	return path + ":" + m[1] + ": " + what
}
