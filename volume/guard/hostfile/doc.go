// Package hostfile reads and writes an inventory of hosts as a YAML or JSON file.
//
//	hosts:
//	  - name: kvm-1
//	    addrs: [10.0.0.5, 192.168.7.5]
//	    pools: [pool-a]            # empty or absent: all pools
//	    state: in-service          # or maintenance; absent: in-service
//	    open: [zbs://pool-a/vol-1] # volumes known to be open there now
//
// [Read] reads a file once. [Source] reads it again for every check. [Decode] reads
// the same list where it stands inside another YAML file. [Marshal] writes it.
//
// # Mistakes
//
// A host or an address that is missing from the inventory is a host whose writes
// are not looked for, so nothing is guessed:
//
//  1. A key is known, stands once, and has a value of its kind. A key without a
//     value counts as absent.
//  2. Each host has a name and an address. A name belongs to one host, and so does
//     an address. Addresses are compared by value: 10.0.0.5 is ::ffff:10.0.0.5.
//  3. A file is one document and lists at least one host.
//
// All mistakes are reported at once, in the order of their lines. Each is an
// [*Error] that names file, line and host.
package hostfile
