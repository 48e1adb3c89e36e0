package agent

import (
	"github.com/zbsclient/zbsclient/fakemds/internal/python"
	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// runBatch answers for many volumes by one listing of each pool. It leaves out the
// unknown ones.
func runBatch(c *call, s *storage.State) (python.Object, error) {
	paths, err := iterate(c.get("installPaths"))
	if err != nil {
		return nil, err
	}
	volumes := python.Object{}
	for _, path := range paths {
		t, err := parseTarget(path)
		if err != nil {
			return nil, err
		}
		c.shell(t.logical)
		p := s.Pool(t.logical)
		if p == nil {
			return nil, wrap(storage.NoDir(t.logical), "cannot found lun infos in logical pool[%s]", t.logical)
		}
		if len(p.Volumes) == 0 {
			return nil, python.Errorf("'NoneType' object is not iterable")
		}
		if v := s.Volume(t.logical, t.volume); v != nil {
			volumes = volumes.With(t.text, python.Object{}.With("length", v.Size).With("usedSize", v.Used))
		}
	}
	return python.Object{}.With("volumes", volumes), nil
}

// iterate returns what a Python loop over v goes through.
func iterate(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case string:
		var letters []any
		for _, r := range v {
			letters = append(letters, string(r))
		}
		return letters, nil
	}
	return nil, python.Errorf("'%s' object is not iterable", python.TypeName(v))
}

// runBrokenBatch is that of G7e, which calls a function that is not there for each
// path.
func runBrokenBatch(c *call) (python.Object, error) {
	if paths, ok := c.get("installPaths").([]any); ok && len(paths) == 0 {
		return python.Object{}.With("volumes", python.Object{}), nil
	}
	return nil, python.Errorf("global name 'get_logical_pool_name' is not defined")
}
