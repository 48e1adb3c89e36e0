package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/bits"
	"net/netip"

	"github.com/zbsclient/zbsclient/zbs"
)

// Inventory is valid Hosts with an index of their addresses. A nil Inventory has no
// hosts. An Inventory never changes, so reports share it.
type Inventory struct {
	hosts  []Host
	byAddr map[netip.Addr]int
	byName map[string]int
	digest string
}

// NewInventory indexes the hosts. The error is that of Hosts.Validate.
func NewInventory(hosts []Host) (*Inventory, error) {
	if err := Hosts(hosts).Validate(); err != nil {
		return nil, err
	}
	inv := &Inventory{hosts: hosts, byAddr: make(map[netip.Addr]int), byName: make(map[string]int, len(hosts))}
	for i, h := range hosts {
		inv.byName[h.Name] = i
		for _, addr := range h.Addrs {
			inv.byAddr[byValue(addr)] = i
		}
	}
	data, err := json.Marshal(hosts)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	inv.digest = hex.EncodeToString(sum[:])
	return inv, nil
}

// Len returns the number of hosts.
func (v *Inventory) Len() int {
	if v == nil {
		return 0
	}
	return len(v.hosts)
}

// At returns host i, in the order of the inventory.
func (v *Inventory) At(i int) Host { return v.hosts[i] }

// Find returns the place of the host that has this name or address.
func (v *Inventory) Find(nameOrAddr string) (i int, ok bool) {
	if v == nil {
		return 0, false
	}
	if i, ok = v.byName[nameOrAddr]; ok {
		return i, true
	}
	return v.OfClient(nameOrAddr)
}

// OfClient returns the place of the host that has the address as an MDS lists it.
func (v *Inventory) OfClient(ip string) (i int, ok bool) {
	addr, valid := HostAddr(ip)
	if v == nil || !valid {
		return 0, false
	}
	i, ok = v.byAddr[addr]
	return i, ok
}

// sum is the digest of the hosts, empty without any.
func (v *Inventory) sum() string {
	if v == nil {
		return ""
	}
	return v.digest
}

// MarshalJSON writes the hosts.
func (v *Inventory) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	return json.Marshal(v.hosts)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Inventory) UnmarshalJSON(data []byte) error {
	var hosts []Host
	if err := json.Unmarshal(data, &hosts); err != nil {
		return err
	}
	read, err := NewInventory(hosts)
	if err != nil {
		return err
	}
	*v = *read
	return nil
}

// HostSet is a set of hosts of one inventory, by place. The zero HostSet is
// empty.
type HostSet struct{ words []uint64 }

// Add puts host i into the set.
func (s *HostSet) Add(i int) {
	for len(s.words) <= i/64 {
		s.words = append(s.words, 0)
	}
	s.words[i/64] |= 1 << (i % 64)
}

// Has reports whether host i is in the set.
func (s HostSet) Has(i int) bool {
	return i/64 < len(s.words) && s.words[i/64]&(1<<(i%64)) != 0
}

// Join puts all hosts of the other set into this one.
func (s *HostSet) Join(other HostSet) {
	for len(s.words) < len(other.words) {
		s.words = append(s.words, 0)
	}
	for i, w := range other.words {
		s.words[i] |= w
	}
}

// Len returns how many hosts the set has.
func (s HostSet) Len() (n int) {
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// AddClients puts the hosts of the clients into the set, and returns the clients
// whose address belongs to no host.
func (s *HostSet) AddClients(v *Inventory, clients []zbs.Client) (strangers []zbs.Client) {
	for _, c := range clients {
		if i, ok := v.OfClient(c.IP); ok {
			s.Add(i)
		} else {
			strangers = append(strangers, c)
		}
	}
	return strangers
}
