package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/zbsclient/zbsclient/zbs"
)

// parseVolumes parses paths of volumes.
func parseVolumes(args []string) (paths []zbs.Path, err error) {
	paths = make([]zbs.Path, len(args))
	for i, arg := range args {
		if paths[i], err = parseVolume(arg); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// parseVolume parses the path of a volume, and refuses that of a snapshot.
func parseVolume(arg string) (zbs.Path, error) {
	path, err := zbs.ParsePath(arg)
	if err == nil && path.IsSnapshot() {
		err = fmt.Errorf("%w %q: it names a snapshot, the volume is %s", zbs.ErrInvalidPath, arg, path.OfVolume())
	}
	return path, err
}

// parseSnapshot parses the path of a snapshot, and refuses that of a volume.
func parseSnapshot(arg string) (zbs.Path, error) {
	path, err := zbs.ParsePath(arg)
	if err == nil && !path.IsSnapshot() {
		err = fmt.Errorf("%w %q: it names a volume, a snapshot is %s@NAME", zbs.ErrInvalidPath, arg, path)
	}
	return path, err
}

// readPaths reads a file with the path of a volume in each line, - for stdin. It
// skips empty lines and those that begin with #. An error names the line.
func readPaths(env *environment, name string) (paths []zbs.Path, err error) {
	var r io.Reader = env.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef("--from-file: %w", err)
		}
		defer file.Close()
		r = file
	}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		path, err := parseVolume(text)
		if err != nil {
			return nil, usagef("%s:%d: %w", name, n, err)
		}
		paths = append(paths, path)
	}
	if err := lines.Err(); err != nil {
		return nil, usagef("%s: %w", name, err)
	}
	if len(paths) == 0 {
		return nil, usagef("%s: it names no volume", name)
	}
	return paths, nil
}
