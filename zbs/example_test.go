package zbs_test

import (
	"fmt"

	"github.com/zbsclient/zbsclient/zbs"
)

// Both spellings of a volume, and the one that agents understand.
func ExampleParsePath() {
	for _, text := range []string{"zbs://pool/vol@snap", "cbd:wrong/pool/vol", "zbs://pool/vol;reboot"} {
		path, err := zbs.ParsePath(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		cbd, err := zbs.PoolMap{"pool": "physical"}.CBDPath(path)
		fmt.Println(path, cbd, err)
	}
	// Output:
	// zbs://pool/vol@snap cbd:physical/pool/vol@snap <nil>
	// zbs://pool/vol cbd:physical/pool/vol <nil>
	// invalid path "zbs://pool/vol;reboot": volume name "vol;reboot" has ';' at byte 3, allowed are A-Z a-z 0-9 . _ -: invalid name
}

// Of an MDS URL the host alone is kept.
func ExampleParseAddr() {
	for _, text := range []string{"mds-a", "[2001:db8::1]:7000", "https://mds-a/agent", "root:p@ss:w,rd@mds-a:22/?mdsPort=6666"} {
		addr, err := zbs.ParseAddr(text)
		fmt.Println(addr, err)
	}
	// Output:
	// mds-a:7763 <nil>
	// [2001:db8::1]:7000 <nil>
	// https://mds-a:7763/agent <nil>
	// mds-a:7763 <nil>
}
