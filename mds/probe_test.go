package mds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestOneCluster(t *testing.T) {
	healths := []mds.Health{
		{Addr: zbs.Addr{Host: "a", Port: 1}},
		{Addr: zbs.Addr{Host: "b", Port: 1}, Cluster: zbs.Facts{UUID: "x", Version: "1.6.2"}},
		{Addr: zbs.Addr{Host: "c", Port: 1}, Cluster: zbs.Facts{UUID: "x"}},
	}
	facts, ok, err := mds.OneCluster(healths)
	if err != nil || !ok || facts.UUID != "x" || facts.Version != "1.6.2" {
		t.Errorf("%v, %t, %v; want cluster x", facts, ok, err)
	}
	if _, ok, err := mds.OneCluster(healths[:1]); ok || err != nil {
		t.Errorf("nobody answered: %t, %v", ok, err)
	}
	healths[2].Cluster.UUID = "y"
	_, ok, err = mds.OneCluster(healths)
	if ok || !errors.Is(err, mds.ErrWrongCluster) || !strings.Contains(err.Error(), "b:1 says x, c:1 says y") {
		t.Errorf("two clusters: %t, %v", ok, err)
	}
}
