package hostfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// Read reads an inventory from a file. An error of the file system still matches its
// class, such as fs.ErrNotExist. All other errors match [*Error].
func Read(path string) (proof.Hosts, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Source is the path of a file. Each call of Hosts reads the file again, so an edit
// takes effect at the next check. A Source may be used concurrently.
type Source string

// Hosts returns what [Read] does, and no hosts together with an error. It does not
// read after the end of ctx.
func (s Source) Hosts(ctx context.Context) ([]proof.Host, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Read(string(s))
}

// Parse reads the text of a file. The name stands for the file in errors, which
// match [*Error].
func Parse(name string, data []byte) (proof.Hosts, error) {
	root, err := document(name, data)
	if err != nil {
		return nil, err
	}
	d := newDecoder(name)
	if list := d.mapping(root, "", "hosts")["hosts"]; list != nil {
		d.list(list)
	}
	if len(d.errs) == 0 && len(d.hosts) == 0 {
		d.fail(root, "", errors.New(`no hosts, write them under the key "hosts"`))
	}
	return d.result()
}

// document returns the root of the one document in a file.
func document(name string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, &Error{File: name, Err: errors.New("the file is empty, it must list hosts")}
	case err != nil:
		return nil, syntaxError(name, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, &Error{File: name, Line: second.Line, Err: errors.New("a second document starts here, write all hosts into one")}
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(name, err)
	}
	return first.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError moves the line number out of the parser's text.
func syntaxError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		line, _ = strconv.Atoi(m[1]) // a number that is too long counts as no line
	}
	// The parser's line is sometimes one too low.
	return &Error{File: name, Line: line, Err: errors.New("neither YAML nor JSON near here: " + text)}
}
