package repo

import (
	"go/ast"
	"go/types"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// zbsctl prints every document with printer of package printerPackage, whose last
// argument is the document.
const (
	printerPackage = "internal/cli"
	printer        = "encode"
	jsonContract   = "docs/json-output.md"
)

// TestEveryJSONKeyIsDocumented: for each document that zbsctl prints, one section of
// docs/json-output.md has all its keys, and a section has no others in the first
// column of its table.
func TestEveryJSONKeyIsDocumented(t *testing.T) {
	sections := readSections(t)
	printed := make(map[string]map[string]bool) // keys of the documents of a section
	for _, document := range printedTypes(t) {
		keys := make(map[string]bool)
		load(t).jsonKeys(document, keys, make(map[types.Type]bool))
		if len(keys) == 0 {
			t.Errorf("%s has no JSON keys", document)
			continue
		}
		best := nearest(sections, keys)
		if missing := without(keys, sections[best].all); len(missing) > 0 {
			t.Errorf("no section of %s has all keys of %s; %q lacks %v", jsonContract, document, best, missing)
			continue
		}
		if printed[best] == nil {
			printed[best] = make(map[string]bool)
		}
		maps.Copy(printed[best], keys)
	}
	for name, section := range sections {
		if extra := without(section.first, printed[name]); len(extra) > 0 {
			t.Errorf("%s, %q: zbsctl does not print %v", jsonContract, name, extra)
		}
	}
}

// section holds the keys of one chapter of the contract.
type section struct {
	first map[string]bool // in the first column of its table
	all   map[string]bool // everything that stands as code, and the keys of sections it refers to
}

var (
	heading   = regexp.MustCompile(`(?m)^## (.+)$`)
	keyWord   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)
	reference = regexp.MustCompile("keys of `(zbsctl [^`]+)`")
)

// readSections parses the contract.
func readSections(t *testing.T) map[string]section {
	t.Helper()
	text, err := os.ReadFile(jsonContract)
	if err != nil {
		t.Fatal(err)
	}
	sections, bodies := make(map[string]section), make(map[string]string)
	starts := heading.FindAllStringSubmatchIndex(string(text), -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		name, body := string(text[at[2]:at[3]]), string(text[at[1]:end])
		bodies[name] = body
		s := section{first: make(map[string]bool), all: keysIn(body)}
		for line := range strings.Lines(body) {
			if cells := strings.Split(line, "|"); len(cells) > 2 {
				maps.Copy(s.first, keysIn(cells[1]))
			}
		}
		sections[name] = s
	}
	for name, body := range bodies {
		for _, to := range reference.FindAllStringSubmatch(body, -1) {
			other, known := sections[to[1]]
			if !known {
				t.Errorf("%s, %q refers to the keys of %q, which has no section", jsonContract, name, to[1])
			}
			maps.Copy(sections[name].all, other.all)
		}
	}
	return sections
}

// keysIn returns each word of what stands as code in a text.
func keysIn(text string) map[string]bool {
	keys := make(map[string]bool)
	for _, span := range codeSpan.FindAllString(text, -1) {
		for _, word := range keyWord.FindAllString(span, -1) {
			keys[word] = true
		}
	}
	return keys
}

// nearest returns the section that lacks the fewest of the keys, and of several the
// one with the fewest others.
func nearest(sections map[string]section, keys map[string]bool) string {
	lack := func(name string) int { return len(without(keys, sections[name].all)) }
	return slices.MinFunc(slices.Sorted(maps.Keys(sections)), func(a, b string) int {
		if la, lb := lack(a), lack(b); la != lb {
			return la - lb
		}
		return len(without(sections[a].first, keys)) - len(without(sections[b].first, keys))
	})
}

// without returns the keys that are not in the other set, sorted.
func without(keys, other map[string]bool) []string {
	var left []string
	for key := range keys {
		if !other[key] {
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return left
}

// printedTypes returns the type of every document that zbsctl prints: what the
// printer is given, or a function that hands one of its parameters on to it.
func printedTypes(t *testing.T) []types.Type {
	t.Helper()
	cli := load(t).source(t, printerPackage)
	first := cli.types.Scope().Lookup(printer)
	if first == nil {
		t.Fatalf("%s has no function %s: name in this test the one that prints documents", printerPackage, printer)
	}
	var found []types.Type
	printers := []types.Object{first}
	document := map[types.Object]int{first: first.(*types.Func).Signature().Params().Len() - 1} // its place in a call
	for ; len(printers) > 0; printers = printers[1:] {
		for _, call := range cli.callsOf(printers[0]) {
			given := call.Args[document[printers[0]]]
			if name, ok := given.(*ast.Ident); ok {
				if by, i := cli.parameter(cli.info.Uses[name]); by != nil {
					document[by] = i
					printers = append(printers, by)
					continue
				}
			}
			found = append(found, cli.info.Types[given].Type)
		}
	}
	if len(found) < 2 {
		t.Fatalf("%s prints %d documents", printer, len(found))
	}
	return found
}

// callsOf returns the calls of a function or method in its package.
func (s *source) callsOf(f types.Object) []*ast.CallExpr {
	var calls []*ast.CallExpr
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name, ok := call.Fun.(*ast.Ident)
			if selected, is := call.Fun.(*ast.SelectorExpr); is {
				name, ok = selected.Sel, true
			}
			if ok && s.info.Uses[name] == f {
				calls = append(calls, call)
			}
			return true
		})
	}
	return calls
}

// parameter returns the function of the package that has v as a parameter of type
// any, and its place.
func (s *source) parameter(v types.Object) (f types.Object, place int) {
	if v == nil || !types.Identical(v.Type(), types.NewInterfaceType(nil, nil)) {
		return nil, 0
	}
	for _, defined := range s.info.Defs {
		f, ok := defined.(*types.Func)
		if !ok {
			continue
		}
		for i := range f.Signature().Params().Len() {
			if f.Signature().Params().At(i) == v {
				return f, i
			}
		}
	}
	return nil, 0
}

// jsonKeys adds the keys that package encoding/json writes for a type.
func (m *tree) jsonKeys(t types.Type, keys map[string]bool, seen map[types.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok && hasMethod(named, "MarshalJSON") {
		for _, written := range m.marshalled(named) {
			m.jsonKeys(written, keys, seen)
		}
		return
	} else if ok && hasMethod(named, "MarshalText") {
		return // a string
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		m.jsonKeys(u.Elem(), keys, seen)
	case *types.Slice:
		m.jsonKeys(u.Elem(), keys, seen)
	case *types.Array:
		m.jsonKeys(u.Elem(), keys, seen)
	case *types.Map:
		m.jsonKeys(u.Elem(), keys, seen)
	case *types.Struct:
		for i := range u.NumFields() {
			field := u.Field(i)
			name, _, _ := strings.Cut(reflect.StructTag(u.Tag(i)).Get("json"), ",")
			if name == "-" || !field.Exported() && !field.Embedded() {
				continue
			}
			if name == "" && !field.Embedded() {
				name = field.Name()
			}
			if name != "" {
				keys[name] = true
			}
			m.jsonKeys(field.Type(), keys, seen)
		}
	}
}

// hasMethod reports whether a type or its pointer has a method.
func hasMethod(t *types.Named, name string) bool {
	return types.NewMethodSet(types.NewPointer(t)).Lookup(t.Obj().Pkg(), name) != nil
}

// marshalled returns the types that the MarshalJSON of a type of ours hands to
// json.Marshal.
func (m *tree) marshalled(t *types.Named) []types.Type {
	var found []types.Type
	for _, s := range m.sources {
		if s.path != t.Obj().Pkg().Path() {
			continue
		}
		for _, file := range s.files {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Recv == nil || f.Name.Name != "MarshalJSON" || receiver(s, f) != t.Obj().Name() {
					continue
				}
				ast.Inspect(f.Body, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok && types.ExprString(call.Fun) == "json.Marshal" {
						found = append(found, s.info.Types[call.Args[0]].Type)
					}
					return true
				})
			}
		}
	}
	return found
}

// receiver returns the name of the type that a method belongs to.
func receiver(s *source, f *ast.FuncDecl) string {
	t := s.info.Types[f.Recv.List[0].Type].Type
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}
