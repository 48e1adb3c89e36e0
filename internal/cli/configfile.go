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

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/zbs"
)

// configuration is the file. The nodes keep the lines for errors.
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
	if err == nil {
		s.guard, err = chosen.Section.Read(path, a.getenv)
	}
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
