// Package repo guards the shape of the tree: which package may import which,
// and that each says what it is.
package repo

import (
	"go/build"
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
	"zbs":                    {},
	"hashring":               {},
	"hashring/sqlsource":     {"hashring"},
	"mds/internal/agent":     {"zbs"},
	"mds/internal/breaker":   {},
	"mds/internal/callback":  {"zbs"},
	"mds/internal/hedge":     {},
	"mds/internal/histogram": {},
	"mds/internal/lookup":    {},
	"mds/internal/notify":    {},
	"mds/internal/wire":      {},
	"mds": {"zbs", "hashring", "mds/internal/agent", "mds/internal/breaker", "mds/internal/callback", "mds/internal/hedge",
		"mds/internal/histogram", "mds/internal/lookup", "mds/internal/notify", "mds/internal/wire"},
	"mds/mdsotel":              {"zbs", "mds"},
	"mds/mdsprom":              {"zbs", "mds"},
	"volume/guard/proof":       {"zbs", "internal/clock"},
	"volume/guard/hostfile":    {"zbs", "volume/guard/proof"},
	"volume/guard/zstackhosts": {"zbs", "volume/guard/proof"},
	"volume/guard":             {"zbs", "mds", "volume/guard/proof", "internal/clock", "internal/coalesce"},
	"volume":                   {"zbs", "mds", "volume/guard", "internal/coalesce"},
	"fakemds":                  {"zbs", "fakemds/internal/agent", "fakemds/internal/memnet", "fakemds/internal/storage"},
	"fakemds/internal/agent":   {"fakemds/internal/python", "fakemds/internal/storage"},
	"fakemds/internal/memnet":  {},
	"fakemds/internal/python":  {},
	"fakemds/internal/storage": {},
	"internal/clock":           {},
	"internal/coalesce":        {},
	"internal/mdstest":         {"mds", "fakemds"},
	"internal/guardconfig":     {"zbs", "mds", "volume/guard", "volume/guard/proof", "volume/guard/hostfile", "volume/guard/zstackhosts"},

	"internal/cli/internal/term":        {},
	"internal/cli/internal/health":      {"zbs", "mds", "internal/cli/internal/term"},
	"internal/cli/internal/top":         {"zbs", "mds", "internal/cli/internal/health", "internal/cli/internal/term"},
	"internal/cli/internal/guardreport": {"zbs", "volume/guard", "volume/guard/proof", "internal/cli/internal/term"},
	"internal/cli": {"zbs", "hashring", "mds", "volume", "volume/guard", "volume/guard/proof", "volume/guard/hostfile", "internal/guardconfig", "fakemds",
		"internal/cli/internal/term", "internal/cli/internal/health", "internal/cli/internal/top", "internal/cli/internal/guardreport"},
	"cmd/zbsctl": {"internal/cli"},
}

// onlyStandard may import the standard library alone.
var onlyStandard = []string{"zbs", "fakemds", "fakemds/internal/memnet", "fakemds/internal/python", "fakemds/internal/storage", "fakemds/internal/agent"}

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

// provers are the package that derives a verdict from evidence, first, and all that
// it may import of the module, however far down.
var provers = []string{"volume/guard/proof", "zbs", "internal/clock"}

// doesIO are the packages that can ask, open or start something. os is not among
// them: fmt imports it into every program.
var doesIO = []string{"net", "net/http", "net/rpc", "net/smtp", "os/exec", "os/signal", "plugin", "crypto/tls", "database/sql", "log/syslog"}

// TestProofReachesNoIO: no import of the package that derives verdicts leads to I/O.
// So a verdict follows from the evidence alone.
func TestProofReachesNoIO(t *testing.T) {
	imports := make(map[string][]string) // by package of the module
	forEachFile(t, func(dir, _ string, paths []string) { imports[dir] = append(imports[dir], paths...) })
	seen := map[string]bool{}
	var visit func(path, by string)
	visit = func(path, by string) {
		if own, ours := strings.CutPrefix(path, module); ours && !slices.Contains(provers, own) {
			t.Errorf("%s imports %s; a verdict may reach %v", by, own, provers)
			return
		}
		if slices.Contains(doesIO, path) {
			t.Errorf("%s imports %s, which does I/O", by, path)
			return
		}
		if seen[path] {
			return
		}
		seen[path] = true
		for _, next := range importsOf(t, path, imports) {
			visit(next, path)
		}
	}
	visit(module+provers[0], "the test")
	for _, own := range provers {
		if !seen[module+own] {
			t.Errorf("%s is allowed and not reached", own)
		}
	}
}

// importsOf returns what a package imports. Of one of the module these are the
// imports of all its files, on whatever system they are built.
func importsOf(t *testing.T, path string, ours map[string][]string) []string {
	t.Helper()
	if own, ok := strings.CutPrefix(path, module); ok {
		return ours[own]
	}
	if path == "C" || path == "unsafe" {
		return nil
	}
	p, err := build.Import(path, ".", 0)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p.Imports
}

func TestEveryPackageHasOneComment(t *testing.T) {
	for _, s := range load(t).sources {
		comments := 0
		for _, file := range s.files {
			if file.Doc != nil {
				comments++
			}
		}
		if comments != 1 {
			t.Errorf("package %s has %d package comments, want 1", s.dir, comments)
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
