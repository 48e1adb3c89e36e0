// Package repo guards the shape of the tree: which package may import which,
// and that each says what it is.
package repo

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/zbsclient/zbsclient/"

// mayImport lists for every package of the module the ones it may import
// outside its tests. A new package is entered here on purpose.
var mayImport = map[string][]string{
	"zbs":                      {},
	"hashring":                 {},
	"hashring/sqlsource":       {"hashring"},
	"mds":                      {"zbs", "hashring"},
	"mds/mdsotel":              {"zbs", "mds"},
	"mds/mdsprom":              {"zbs", "mds"},
	"volume/guard/proof":       {"zbs"},
	"volume/guard/hostfile":    {"zbs", "volume/guard/proof"},
	"volume/guard/zstackhosts": {"zbs", "volume/guard/proof"},
	"volume/guard":             {"zbs", "mds", "volume/guard/proof"},
	"internal/clock":           {},
	"internal/coalesce":        {},
	"volume":                   {"zbs", "mds", "volume/guard", "internal/coalesce"},
	"fakemds":                  {"zbs"},
	"internal/cli":             {"zbs", "hashring", "mds", "volume", "volume/guard", "fakemds"},
	"cmd/zbsctl":               {"internal/cli"},
}

// onlyStandard may import the standard library alone.
var onlyStandard = []string{"zbs", "fakemds"}

func TestImportsGoOneWay(t *testing.T) {
	forEachFile(t, func(dir, file string, imports []string) {
		allowed, known := mayImport[dir]
		if !known {
			t.Errorf("package %s is not in mayImport", dir)
			return
		}
		for _, path := range imports {
			own, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s; %s may import %v", file, own, dir, allowed)
			}
			if external := !ours && strings.Contains(strings.Split(path, "/")[0], "."); external && slices.Contains(onlyStandard, dir) {
				t.Errorf("%s imports %s; %s takes the standard library alone", file, path, dir)
			}
		}
	})
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := make(map[string]int)
	forEachFile(t, func(dir, file string, _ []string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if comments[dir] += 0; f.Doc != nil {
			comments[dir]++
		}
	})
	for dir, n := range comments {
		if n != 1 {
			t.Errorf("package %s has %d package comments, want 1", dir, n)
		}
	}
}

// forEachFile visits the Go files of the module that are no tests.
func forEachFile(t *testing.T, visit func(dir, file string, imports []string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || path == "bench" || path == "examples"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imported)
		}
		files++
		visit(filepath.ToSlash(filepath.Dir(path)), path, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no Go file was found")
	}
}
