package volume_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestExports(t *testing.T) {
	for _, dashed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var options []fakemds.Option
			if dashed {
				options = append(options, fakemds.DashedPorts())
			}
			cluster := fakemds.NewCluster(t, 3, options...)
			cluster.AddVolume(idle.String())
			service := volume.NewService(mdstest.Caller(t, cluster), volume.WithGuard(&fakeGuard{cluster: cluster}))
			ports := zbs.PortRange{First: 10600, Last: 10800}
			export, err := service.ExportNBD(t.Context(), volume.ExportRequest{Path: idle, Ports: ports})
			if err != nil {
				t.Fatal(err)
			}
			exporting := func() (sum int) {
				for i := range 3 {
					n := len(cluster.Node(i).Exports())
					if n > 0 && cluster.Addrs()[i] != export.MDS.String() {
						t.Errorf("node %d exports, %v is said to", i, export.MDS)
					}
					sum += n
				}
				return sum
			}
			if n := exporting(); n != 1 || export.Port != 10600 {
				t.Errorf("%+v of %d exports", export, n)
			}
			if err := service.UnexportNBD(t.Context(), export.MDS, export.Port); err != nil || exporting() != 0 {
				t.Errorf("%v, %d exports are left", err, exporting())
			}
			stranger, _ := zbs.ParseAddr("elsewhere")
			if err := service.UnexportNBD(t.Context(), stranger, export.Port); !errors.Is(err, mds.ErrNoCandidates) {
				t.Errorf("%v, want ErrNoCandidates", err)
			}
		})
	}
}
