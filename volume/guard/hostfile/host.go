package hostfile

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

var errNoAddress = errors.New(`no address, list all of them under "addrs"`)

// hostDecoder reads the values of one host.
type hostDecoder struct {
	*decoder
	index int    // in the list
	label string // the name that errors use for the host
	host  proof.Host
}

func (h *hostDecoder) name(node *yaml.Node) {
	name, ok := h.scalar(node, h.label, "name")
	if !ok {
		return
	}
	if err := checkName(name); err != nil {
		h.fail(node, h.label, err)
		return
	}
	h.host.Name = name
	if line, taken := h.names[name]; taken {
		h.fail(node, h.label, fmt.Errorf("the name stands in line %d too, give each host its own", line))
		return
	}
	h.names[name] = node.Line
}

// checkName refuses names that would garble a line of a report.
func checkName(name string) error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || strings.TrimSpace(name) != name || !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable) {
		return fmt.Errorf("name %q, want printable characters without blanks around them", name)
	}
	return nil
}

func (h *hostDecoder) addrs(node *yaml.Node) {
	items := h.sequence(node, h.label, "addrs")
	if target(node).Kind == yaml.SequenceNode && len(items) == 0 {
		h.fail(node, h.label, errNoAddress)
	}
	for _, item := range items {
		text, ok := h.scalar(item, h.label, "addrs")
		if !ok {
			continue
		}
		addr, err := netip.ParseAddr(text)
		if err != nil || checkAddr(addr) != nil {
			h.fail(item, h.label, fmt.Errorf("addrs: %q is no address of a host, want one such as 10.0.0.5 or 2001:db8::5", text))
			continue
		}
		value := byValue(addr)
		if other, taken := h.owners[value]; taken {
			h.fail(item, h.label, h.shared(value, other))
			continue
		}
		h.owners[value] = owner{index: h.index, label: h.label, line: item.Line}
		h.host.Addrs = append(h.host.Addrs, addr)
	}
}

// shared returns an error that says where else the address occurs.
func (h *hostDecoder) shared(addr netip.Addr, other owner) error {
	if other.index == h.index {
		return fmt.Errorf("addrs: %s stands in line %d too", addr, other.line)
	}
	return fmt.Errorf("addrs: %s belongs to host %s too, see line %d", addr, other.label, other.line)
}

// checkAddr refuses an address that no host can have.
func checkAddr(addr netip.Addr) error {
	if value := byValue(addr); !value.IsValid() || value.IsUnspecified() {
		return fmt.Errorf("%v is no address of a host", addr)
	}
	return nil
}

// byValue returns the address in the form that the proof compares.
func byValue(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

func (h *hostDecoder) pools(node *yaml.Node) {
	for _, item := range h.sequence(node, h.label, "pools") {
		pool, ok := h.scalar(item, h.label, "pools")
		if !ok {
			continue
		}
		if err := zbs.CheckName("logical pool", pool); err != nil {
			h.fail(item, h.label, fmt.Errorf("pools: %w", err))
			continue
		}
		h.host.Pools = append(h.host.Pools, pool)
	}
}

func (h *hostDecoder) state(node *yaml.Node) {
	text, ok := h.scalar(node, h.label, "state")
	if !ok {
		return
	}
	if err := h.host.State.UnmarshalText([]byte(text)); err != nil {
		h.fail(node, h.label, fmt.Errorf("state: %w", err))
	}
}

func (h *hostDecoder) open(node *yaml.Node) {
	for _, item := range h.sequence(node, h.label, "open") {
		text, ok := h.scalar(item, h.label, "open")
		if !ok {
			continue
		}
		path, err := zbs.ParsePath(text)
		if err == nil && path.IsSnapshot() {
			err = fmt.Errorf("%s names a snapshot, want a volume", path)
		}
		if err != nil {
			h.fail(item, h.label, fmt.Errorf("open: %w", err))
			continue
		}
		h.host.Open = append(h.host.Open, path)
	}
}
