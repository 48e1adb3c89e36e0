package hostfile

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"

	"go.yaml.in/yaml/v3"

	"github.com/zbsclient/zbsclient/volume/guard/proof"
	"github.com/zbsclient/zbsclient/zbs"
)

type inventoryYAML struct {
	Hosts []hostYAML `yaml:"hosts"`
}

type hostYAML struct {
	Name  string   `yaml:"name"`
	Addrs []string `yaml:"addrs,flow"`
	Pools []string `yaml:"pools,flow,omitempty"`
	State string   `yaml:"state,omitempty"`
	Open  []string `yaml:"open,omitempty"`
}

// Marshal writes an inventory as YAML, from which [Parse] reads the same hosts. It
// writes an address that a host has twice only once. The error names every host that
// cannot be written: those that [proof.Hosts.Validate] refuses, and those that Parse
// would not read back.
func Marshal(hosts proof.Hosts) ([]byte, error) {
	if err := check(hosts); err != nil {
		return nil, err
	}
	var inventory inventoryYAML
	for _, host := range hosts {
		inventory.Hosts = append(inventory.Hosts, toYAML(host))
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(inventory); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// check refuses hosts that Parse would not read back.
func check(hosts proof.Hosts) error {
	if len(hosts) == 0 {
		return errors.New("the inventory has no hosts")
	}
	errs := []error{hosts.Validate()}
	for _, host := range hosts {
		if host.Name != "" { // Validate has reported that one
			errs = append(errs, checkName(host.Name))
		}
		for _, addr := range host.Addrs {
			if err := checkAddr(addr); err != nil {
				errs = append(errs, fmt.Errorf("host %s: %w", host.Name, err))
			}
		}
		for _, pool := range host.Pools {
			if err := zbs.CheckName("logical pool", pool); err != nil {
				errs = append(errs, fmt.Errorf("host %s: %w", host.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func toYAML(host proof.Host) hostYAML {
	y := hostYAML{Name: host.Name, Pools: host.Pools}
	written := make(map[netip.Addr]bool)
	for _, addr := range host.Addrs {
		if value := byValue(addr); !written[value] {
			written[value] = true
			y.Addrs = append(y.Addrs, addr.String())
		}
	}
	if host.State != proof.InService {
		y.State = host.State.String()
	}
	for _, path := range host.Open {
		y.Open = append(y.Open, path.String())
	}
	return y
}
