package proof

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/zbsclient/zbsclient/zbs"
)

// Host is a machine that may open volumes: a hypervisor host, or an MDS node
// that exports volumes over NBD. The zero Host is invalid.
type Host struct {
	// Name identifies the host in options, reports and errors.
	Name string `json:"name"`
	// Addrs are all addresses under which an MDS may list the host: management,
	// storage and migration networks. They are compared by value: an IPv4-mapped
	// IPv6 address is the IPv4 address, and a zone does not matter.
	Addrs []netip.Addr `json:"addrs"`
	// Pools are the logical pools that the host has attached. Empty means all of
	// them: then every check must account for the host.
	Pools []string `json:"pools,omitempty"`
	// State is InService unless set.
	State HostState `json:"state,omitzero"`
	// Open are volumes that are known to be open on the host now, such as the
	// disks of the machines that run there. An MDS that lists the host for one of
	// them shows that the host reaches the MDS. A wrong entry costs a query and proves
	// nothing.
	Open []zbs.Path `json:"open,omitempty"`
}

// HostState says whether a host may run machines. The zero HostState is
// InService.
type HostState uint8

const (
	// InService hosts may have any volume of their pools open: each check must
	// account for them.
	InService HostState = iota
	// Maintenance hosts run no machine and open no volume, as the inventory says. If
	// an MDS lists such a host, a check must account for it, too.
	Maintenance
)

var hostStateNames = []string{InService: "in-service", Maintenance: "maintenance"}

// String returns "in-service" or "maintenance".
func (s HostState) String() string { return nameOf(hostStateNames, s) }

// MarshalText returns String.
func (s HostState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *HostState) UnmarshalText(text []byte) error { return readName(hostStateNames, s, text) }

// Hosts is an inventory: every machine that can open a volume of the storage. A Guard does
// not look for the writes of a host that is missing from it, so Free is only as true as
// the inventory is complete.
type Hosts []Host

// Hosts returns the inventory itself, so that a literal is a source of hosts.
func (h Hosts) Hosts(context.Context) ([]Host, error) { return h, nil }

// Validate reports everything that is wrong with the inventory: hosts without a
// name or an address, and names and addresses that belong to two hosts.
func (h Hosts) Validate() error {
	var errs []error
	names := make(map[string]bool, len(h))
	owners := make(map[netip.Addr]string)
	for i, host := range h {
		switch {
		case host.Name == "":
			errs = append(errs, fmt.Errorf("host %d of the inventory has no name", i+1))
		case names[host.Name]:
			errs = append(errs, fmt.Errorf("host %s stands in the inventory twice", host.Name))
		case len(host.Addrs) == 0:
			errs = append(errs, fmt.Errorf("host %s has no address", host.Name))
		}
		names[host.Name] = true
		for _, addr := range host.Addrs {
			value := byValue(addr)
			owner, taken := owners[value]
			switch {
			case !addr.IsValid(), value.IsUnspecified():
				errs = append(errs, fmt.Errorf("host %s: %v is no address of a host", host.Name, addr))
			case taken && owner != host.Name:
				errs = append(errs, fmt.Errorf("address %s belongs to both %s and %s", value, owner, host.Name))
			}
			owners[value] = host.Name
		}
		for _, path := range host.Open {
			if err := path.Validate(); err != nil || path.IsSnapshot() {
				errs = append(errs, fmt.Errorf("host %s: open volume %s is no volume's path", host.Name, path))
			}
		}
	}
	return errors.Join(errs...)
}

// byValue is the address as it is compared.
func byValue(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

// Attached reports whether the host has the pool.
func (h Host) Attached(pool string) bool { return len(h.Pools) == 0 || slices.Contains(h.Pools, pool) }
