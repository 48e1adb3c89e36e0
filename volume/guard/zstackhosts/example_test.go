package zstackhosts_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/zbsclient/zbsclient/volume/guard/zstackhosts"
)

func ExampleSource() {
	db, err := sql.Open("sqlite", "file:example?mode=memory&cache=shared") // "mysql" and a DSN on a real one
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	for _, query := range append(tables, // ZStack has them
		`INSERT INTO HostEO (uuid, clusterUuid, name, managementIp, state) VALUES ('h1', 'c1', 'kvm-1', '10.0.0.5', 'Enabled')`,
		`INSERT INTO SystemTagVO VALUES ('h1', 'HostVO', 'extraips::192.168.7.5')`,
		`INSERT INTO VmInstanceVO VALUES ('m1', 'h1', 'Running')`,
		`INSERT INTO VolumeVO VALUES ('v1', 'ps1', 'm1', 'zbs://pool-a/vol-1')`,
		`INSERT INTO PrimaryStorageClusterRefVO VALUES ('ps1', 'c1')`,
	) {
		if _, err := db.Exec(query); err != nil {
			fmt.Println(err)
			return
		}
	}

	source, err := zstackhosts.New(db, zstackhosts.PrimaryStorage("ps1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	hosts, err := source.Hosts(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, host := range hosts {
		fmt.Println(host.Name, host.State, host.Addrs, host.Open)
	}
	// Output:
	// kvm-1 in-service [10.0.0.5 192.168.7.5] [zbs://pool-a/vol-1]
}
