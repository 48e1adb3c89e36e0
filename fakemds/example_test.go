package fakemds_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds"
)

// A cluster outside a test: start it, break it, look at the ledger.
func Example() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://pool/vol", "10.0.0.5:9001")
	cluster.Node(0).Inject(fakemds.Refuse)

	client := http.Client{Transport: &http.Transport{DialContext: cluster.DialContext}}
	defer client.CloseIdleConnections()
	for _, addr := range cluster.Addrs() {
		resp, err := client.Post("http://"+addr+"/zbs/primarystorage/volume/clients", "application/json",
			strings.NewReader(`{"path": "cbd:pp-pool/pool/vol"}`))
		if err != nil {
			fmt.Println(addr, "does not answer")
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(addr, string(body))
	}
	fmt.Println("executed:", cluster.Executed("volume/clients"))
	// Output:
	// mds-0.fake:7763 does not answer
	// mds-1.fake:7763 {"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}
	// executed: 1
}
