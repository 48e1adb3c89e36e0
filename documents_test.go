package repo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fence     = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan  = regexp.MustCompile("`[^`\n]+`")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fileName  = regexp.MustCompile(`^[\w./-]+\.(go|md|txtar|json|yml|gz)$|^\.ci/\w+$`)
	testName  = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z0-9]\w*`)
	runFlag   = regexp.MustCompile(`-(run|bench) '?(\w+)`)
	goPackage = regexp.MustCompile(`\bgo (?:doc|run|test|vet|build)\b.* (\./[\w/-]+)`)
)

// TestDocumentsNameWhatExists: a file, a test or a package that a document names
// is in the tree.
func TestDocumentsNameWhatExists(t *testing.T) {
	files, tests := treeFiles(t), declaredTests(t)
	for name, text := range documents(t) {
		prose := fence.ReplaceAllString(text, "")
		for _, l := range link.FindAllStringSubmatch(prose, -1) {
			target, _, _ := strings.Cut(l[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, target)
			}
		}
		for _, span := range codeSpan.FindAllString(prose, -1) {
			span = strings.Trim(span, "`")
			if fileName.MatchString(span) && !fileExists(files, path.Dir(name), span) {
				t.Errorf("%s names the file %s, which does not exist", name, span)
			}
			if testName.FindString(span) == span && !slices.Contains(tests, span) {
				t.Errorf("%s names %s, which no test file declares", name, span)
			}
		}
		for _, f := range runFlag.FindAllStringSubmatch(text, -1) {
			if kind := map[string]string{"run": "", "bench": "Benchmark"}[f[1]]; !slices.ContainsFunc(tests, func(declared string) bool {
				return strings.HasPrefix(declared, kind) && strings.Contains(declared, f[2])
			}) {
				t.Errorf("%s says -%s %s, which selects nothing", name, f[1], f[2])
			}
		}
		for _, p := range goPackage.FindAllStringSubmatch(text, -1) {
			if found, _ := filepath.Glob(filepath.Join(strings.TrimSuffix(p[1], "/"), "*.go")); len(found) == 0 {
				t.Errorf("%s runs Go on %s, which holds no package", name, p[1])
			}
		}
	}
}

// fileExists reports whether a document in dir may name a file so: from the root,
// from its own directory, or by the last parts of its path.
func fileExists(files []string, dir, name string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		return file == name || file == path.Join(dir, name) || strings.HasSuffix(file, "/"+name)
	})
}

// documents returns the text of every Markdown file by its path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, name := range treeFiles(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	if texts["README.md"] == "" {
		t.Fatal("README.md was not found")
	}
	return texts
}

// treeFiles returns the path of every file below the root, without those that git
// keeps for itself.
func treeFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !d.IsDir():
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// declaredTests returns the names of all tests, fuzz tests, benchmarks and examples.
func declaredTests(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range treeFiles(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && testName.FindString(f.Name.Name) == f.Name.Name {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
