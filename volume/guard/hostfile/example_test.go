package hostfile_test

import (
	"fmt"

	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
)

func ExampleParse() {
	hosts, err := hostfile.Parse("hosts.yaml", []byte(`
hosts:
  - name: kvm-1
    addrs: [10.0.0.5, 192.168.7.5]
  - name: kvm-2
    addrs: [10.0.0.6]
    state: maintenance
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, host := range hosts {
		fmt.Println(host.Name, host.Addrs, host.State)
	}
	// Output:
	// kvm-1 [10.0.0.5 192.168.7.5] in-service
	// kvm-2 [10.0.0.6] maintenance
}

// All mistakes are reported at once, with their lines.
func ExampleParse_mistakes() {
	_, err := hostfile.Parse("hosts.yaml", []byte(`
hosts:
  - name: kvm-1
    addrs: [10.0.0.5]
  - name: kvm-2
    addrs: [10.0.0.5, kvm-2.example]
    sate: maintenance
`))
	fmt.Println(err)
	// Output:
	// hosts.yaml:6: host kvm-2: addrs: 10.0.0.5 belongs to host kvm-1 too, see line 4
	// hosts.yaml:6: host kvm-2: addrs: "kvm-2.example" is no address of a host, want one such as 10.0.0.5 or 2001:db8::5
	// hosts.yaml:7: host kvm-2: unknown key "sate", want name, addrs, pools, state, open
}
