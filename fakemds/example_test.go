package fakemds_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds"
)

// A cluster of two nodes, one of which does the work and loses the reply.
func Example() {
	cluster, err := fakemds.Start(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	cluster.AddVolume("zbs://pool/vol-42", "10.0.0.5:9001")
	cluster.Node(0).Inject(fakemds.LoseReply.Times(1))

	transport := &http.Transport{DialContext: cluster.DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, addr := range cluster.Addrs() {
		resp, err := client.Post("http://"+addr+"/zbs/primarystorage/volume/clients", "application/json",
			strings.NewReader(`{"path": "cbd:pp-pool/pool/vol-42"}`))
		if err != nil {
			fmt.Println(addr, "gave no answer")
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(addr, "answered", string(body))
	}
	fmt.Println("executed:", cluster.ExecutedBy("volume/clients"))
	// Output:
	// mds-0.fake:7763 gave no answer
	// mds-1.fake:7763 answered {"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}
	// executed: [1 1]
}
