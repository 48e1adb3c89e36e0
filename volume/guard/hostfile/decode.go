package hostfile

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// Decode reads the list of hosts from a node of another YAML file, such as the value of
// its key "hosts". Declare the field as a yaml.Node to keep the lines. Errors use name
// for the file, and match [*Error].
func Decode(name string, list *yaml.Node) (proof.Hosts, error) {
	d := newDecoder(name)
	d.list(list)
	if len(d.errs) == 0 && len(d.hosts) == 0 {
		d.fail(list, "", errors.New("no hosts, list at least one"))
	}
	return d.result()
}

// decoder collects hosts and mistakes. It recurses no deeper than the format is
// nested, so an alias of a node that contains itself is harmless.
type decoder struct {
	file  string
	hosts proof.Hosts
	errs  []*Error

	names  map[string]int // line of the host that has the name
	owners map[netip.Addr]owner
}

// owner is the host that has an address.
type owner struct {
	index int // in the list
	label string
	line  int
}

func newDecoder(file string) *decoder {
	return &decoder{file: file, names: make(map[string]int), owners: make(map[netip.Addr]owner)}
}

func (d *decoder) fail(node *yaml.Node, host string, err error) {
	d.errs = append(d.errs, &Error{File: d.file, Line: node.Line, Host: host, Err: err})
}

// result returns the hosts, or all mistakes in the order of their lines.
func (d *decoder) result() (proof.Hosts, error) {
	if len(d.errs) == 0 {
		return d.hosts, nil
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int { return a.Line - b.Line })
	joined := make([]error, len(d.errs))
	for i, err := range d.errs {
		joined[i] = err
	}
	return nil, errors.Join(joined...)
}

// list reads the hosts.
func (d *decoder) list(node *yaml.Node) {
	for i, item := range d.sequence(node, "", "hosts") {
		d.host(i, item)
	}
}

// host reads the host at the index of the list.
func (d *decoder) host(index int, node *yaml.Node) {
	label := label(index, target(node))
	fields := d.mapping(node, label, "name", "addrs", "pools", "state", "open")
	if fields == nil {
		return
	}
	h := hostDecoder{decoder: d, index: index, label: label}
	if value := fields["name"]; value != nil {
		h.name(value)
	} else {
		h.fail(node, h.label, errors.New("no name"))
	}
	if value := fields["addrs"]; value != nil {
		h.addrs(value)
	} else {
		h.fail(node, h.label, errNoAddress)
	}
	if value := fields["pools"]; value != nil {
		h.pools(value)
	}
	if value := fields["state"]; value != nil {
		h.state(value)
	}
	if value := fields["open"]; value != nil {
		h.open(value)
	}
	d.hosts = append(d.hosts, h.host)
}

// label returns the name that errors use for a host: its own name, or its place in the
// list if it has no usable name.
func label(index int, node *yaml.Node) string {
	for i := 0; i+1 < len(node.Content); i += 2 {
		value := target(node.Content[i+1])
		if node.Content[i].Value == "name" && value.Kind == yaml.ScalarNode && checkName(value.Value) == nil {
			return value.Value
		}
	}
	return fmt.Sprintf("#%d", index+1)
}

// mapping returns the values of a mapping by their keys. It leaves out null values. It
// returns nil if the node is no mapping.
func (d *decoder) mapping(node *yaml.Node, host string, known ...string) map[string]*yaml.Node {
	content := target(node)
	if content.Kind != yaml.MappingNode {
		d.fail(node, host, fmt.Errorf("%s stands here, want the keys %s", kind(content), strings.Join(known, ", ")))
		return nil
	}
	fields := make(map[string]*yaml.Node)
	lines := make(map[string]int)
	for i := 0; i+1 < len(content.Content); i += 2 {
		key, value := content.Content[i], content.Content[i+1]
		switch line, again := lines[key.Value]; {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			d.fail(key, host, fmt.Errorf("unknown key %q, want %s", key.Value, strings.Join(known, ", ")))
		case again:
			d.fail(key, host, fmt.Errorf("key %q stands here again, first in line %d", key.Value, line))
		default:
			lines[key.Value] = key.Line
			if !isNull(target(value)) {
				fields[key.Value] = value
			}
		}
	}
	return fields
}

// sequence returns the items of a list.
func (d *decoder) sequence(node *yaml.Node, host, key string) []*yaml.Node {
	content := target(node)
	if content.Kind != yaml.SequenceNode {
		d.fail(node, host, fmt.Errorf("%s: %s stands here, want a list", key, kind(content)))
		return nil
	}
	return content.Content
}

// scalar returns a value as it is written; a number stays text.
func (d *decoder) scalar(node *yaml.Node, host, key string) (string, bool) {
	content := target(node)
	if content.Kind != yaml.ScalarNode || isNull(content) {
		d.fail(node, host, fmt.Errorf("%s: %s stands here, want a text", key, kind(content)))
		return "", false
	}
	return content.Value, true
}

// target is the node that an alias stands for.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// kind names what a node is.
func kind(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.IsZero(), isNull(node):
		return "nothing"
	default:
		return fmt.Sprintf("the single value %q", node.Value)
	}
}
