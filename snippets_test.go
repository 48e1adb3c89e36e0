package repo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// prelude declares what the programs of the documents take for granted. What they
// import beyond it is a package of the module.
const prelude = `package documents

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/hashring"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/mds/mdsotel"
	"github.com/zbsclient/zbsclient/mds/mdsprom"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

var (
	ctx            context.Context
	caller         *mds.Caller
	addrs          []string
	path, disk     zbs.Path
	cbdPath        zbs.CBDPath
	agents         guard.Witness
	tracerProvider trace.TracerProvider
)
`

// TestGoInDocumentsCompiles: each block of Go in a document compiles, as a function
// of its own or, when it begins with one, as it is.
func TestGoInDocumentsCompiles(t *testing.T) {
	loaded, blocks := load(t), 0
	for name, text := range documents(t) {
		for _, block := range goBlock.FindAllStringSubmatch(text, -1) {
			code := block[1]
			if !strings.HasPrefix(code, "func ") {
				code = "func _() error {\n" + code + "\nreturn nil }\n"
			}
			for _, err := range loaded.compile(prelude + code) {
				t.Errorf("%s: %v\nin\n%s", name, err, block[1])
			}
			blocks++
		}
	}
	if blocks == 0 {
		t.Error("no document has a block of Go")
	}
}

// compile returns what is wrong with a file. Imports and variables may be unused.
func (m *tree) compile(code string) []error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "block.go", code, 0)
	if err != nil {
		return []error{err}
	}
	var wrong []error
	conf := types.Config{
		Importer: m.importer(fset),
		Error: func(err error) {
			if e, ok := err.(types.Error); !ok || !e.Soft {
				wrong = append(wrong, err)
			}
		},
	}
	_, _ = conf.Check("documents", fset, []*ast.File{file}, nil) // Error has them
	return wrong
}
