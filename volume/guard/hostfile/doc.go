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
// the same list inside another YAML file. [Marshal] writes it.
//
// # Mistakes
//
// If a host or an address is missing from the inventory, nothing looks for the writes
// of that host. So this package guesses nothing:
//
//  1. Every key is known, occurs once, and has a value of the right kind. A key
//     without a value counts as absent.
//  2. Each host has a name and at least one address. No two hosts share a name or an
//     address. Addresses are compared by value: 10.0.0.5 is ::ffff:10.0.0.5.
//  3. A file is one document and lists at least one host.
//
// All mistakes are reported at once, in the order of their lines. Each is an
// [*Error] that names file, line and host.
package hostfile
