package repo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// source is a package of the module with the types of its files, without tests.
type source struct {
	path  string // import path
	dir   string // path below the module's root, such as volume/guard
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
	types *types.Package
}

// fileName returns the base name of the file that contains pos.
func (s *source) fileName(pos token.Pos) string {
	return filepath.Base(s.fset.Position(pos).Filename)
}

// tree is what the tests of the tree share: each package with its types, and
// the compiled form of every package that one of them imports.
type tree struct {
	sources []*source
	exports map[string]string // file of export data by import path
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Main bool }
}

// loadOnce compiles the module, and package testing for what documents show of
// tests, and type-checks it. Every test shares the result.
var loadOnce = sync.OnceValues(func() (*tree, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", "./...", "testing")
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("go list -export: %w", err)
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var own []listed
	t := &tree{exports: make(map[string]string)}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		t.exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Main && len(p.GoFiles) > 0 {
			own = append(own, p)
		}
	}
	for _, p := range own {
		s, err := t.check(root, p)
		if err != nil {
			return nil, err
		}
		t.sources = append(t.sources, s)
	}
	return t, nil
})

// load returns the module's packages with their types.
func load(t *testing.T) *tree {
	t.Helper()
	loaded, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.sources) == 0 {
		t.Fatal("go list found no package of the module")
	}
	return loaded
}

// check parses and type-checks one package of the module.
func (t *tree) check(root string, p listed) (*source, error) {
	dir, err := filepath.Rel(root, p.Dir)
	if err != nil {
		return nil, err
	}
	s := &source{path: p.ImportPath, dir: filepath.ToSlash(dir), fset: token.NewFileSet()}
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(s.fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, file)
	}
	s.info = &types.Info{
		Defs:  make(map[*ast.Ident]types.Object),
		Uses:  make(map[*ast.Ident]types.Object),
		Types: make(map[ast.Expr]types.TypeAndValue),
	}
	conf := types.Config{Importer: t.importer(s.fset)}
	s.types, err = conf.Check(p.ImportPath, s.fset, s.files, s.info)
	return s, err
}

// importer reads the compiled form of what a package imports.
func (t *tree) importer(fset *token.FileSet) types.Importer {
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		file := t.exports[path]
		if file == "" {
			return nil, fmt.Errorf("%s is neither of the module nor imported by it", path)
		}
		return os.Open(file)
	})
}

// source returns the package in dir.
func (t *tree) source(tb testing.TB, dir string) *source {
	tb.Helper()
	for _, s := range t.sources {
		if s.dir == dir {
			return s
		}
	}
	tb.Fatalf("the module has no package %s", dir)
	return nil
}
