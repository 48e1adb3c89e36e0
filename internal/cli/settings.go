package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
)

// settings puts flags over environment over configuration file. No MDS is an error.
func (t *target) settings() (settings, error) {
	s, err := t.readSettings()
	if err == nil && len(s.mds) == 0 {
		err = &usageError{fmt.Errorf("%w: none was named", mds.ErrNoCandidates)}
	}
	return s, err
}

// readSettings is settings for a command that needs no MDS.
func (t *target) readSettings() (settings, error) {
	var s settings
	list := splitList(t.mdsList)
	if len(list) == 0 && t.contextName == "" {
		list = splitList(strings.Fields(t.env.getenv("ZBS_MDS")))
	}
	if len(list) == 0 || t.contextName != "" {
		var err error
		if s, err = t.fromFile(); err != nil {
			return s, err
		}
	}
	if len(list) > 0 {
		s.mds = list
	}
	if t.timeout < 0 || t.connectTimeout < 0 {
		return s, usagef("--timeout and --connect-timeout must be positive")
	}
	if t.timeout > 0 {
		s.timeout = t.timeout
	}
	if t.connectTimeout > 0 {
		s.connectTimeout = t.connectTimeout
	}
	return s, nil
}

// configPath returns the configuration file, and whether the user named it.
func (t *target) configPath() (path string, named bool) {
	if t.configFile != "" {
		return t.configFile, true
	}
	if path = t.env.getenv("ZBS_CONFIG"); path != "" {
		return path, true
	}
	dir := t.env.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(t.env.getenv("HOME"), ".config")
	}
	return filepath.Join(dir, "zbsctl", "config.yaml"), false
}

// fromFile reads the chosen context of the configuration file. A missing file at the
// default path is an error only when a context is named.
func (t *target) fromFile() (settings, error) {
	path, named := t.configPath()
	wanted := t.contextName
	if wanted == "" {
		wanted = t.env.getenv("ZBS_CONTEXT")
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
		s.guard, err = chosen.Section.Read(path, t.env.getenv)
	}
	if err != nil {
		return s, &usageError{err}
	}
	return s, nil
}

// splitList splits entries at commas, except MDS URLs: a password may contain one.
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
