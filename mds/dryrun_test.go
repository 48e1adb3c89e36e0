package mds_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestDryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 3, mds.WithStorageID("storage"))
		last := c.Addrs()[2]
		var got mds.Request
		_, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, mds.Target(last), mds.DryRun(&got))
		want := mds.Request{
			MDS: last, Method: "POST", URL: "http://mds-2.fake:7763/zbs/primarystorage/volume/delete",
			Body: []byte(`{"uuid":"storage","addr":"mds-2.fake","path":"cbd:pp/lp/vol"}`),
		}
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, mds.ErrDryRun) {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}

		got = mds.Request{}
		host := zbs.HostAccess{IP: "10.0.0.5", Port: 22, Username: "root", Password: "root"}
		_, err = mds.Call(t.Context(), c, zbs.DeployClient{Host: host}, mds.DryRun(&got))
		if body := `{"uuid":"storage","addr":"mds-0.fake","ip":"10.0.0.5","port":22,"username":"root","password":"***"}`; string(got.Body) != body || !errors.Is(err, mds.ErrDryRun) {
			t.Errorf("%s, %v; want %s", got.Body, err, body)
		}
		if n := len(cluster.Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}

		got = mds.Request{}
		if _, err := mds.Call(t.Context(), c, zbs.GetVolumeClients{Path: cbdPath}, mds.DryRun(&got)); err != nil || len(cluster.Requests()) != 1 {
			t.Errorf("a read: %v with %d requests, want it sent", err, len(cluster.Requests()))
		}
		for _, err := range []error{
			callError(mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, mds.Target(zbs.Addr{Host: "x", Port: 1}), mds.DryRun(&got))),
			callError(mds.Call(t.Context(), c, zbs.DeleteVolume{}, mds.DryRun(&got))),
		} {
			if !errors.Is(err, mds.ErrNoCandidates) && !errors.Is(err, zbs.ErrInvalidPath) || errors.Is(err, mds.ErrDryRun) {
				t.Errorf("%v, want the error of the call itself", err)
			}
		}
		if !got.MDS.IsZero() {
			t.Errorf("calls that describe nothing filled in %+v", got)
		}
	})
}

func callError[R any](_ R, err error) error { return err }

// With nil there is nothing to describe the request in, and still nothing is sent.
func TestDryRunIntoNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := start(t, 1)
		_, err := mds.Call(t.Context(), c, zbs.DeleteVolume{Path: cbdPath}, mds.DryRun(nil))
		if !errors.Is(err, mds.ErrDryRun) || len(cluster.Requests()) != 0 {
			t.Errorf("%v, and the node got %v", err, cluster.Requests())
		}
	})
}

func TestRecordIntoNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := start(t, 1)
		if _, err := mds.Call(t.Context(), c, zbs.Echo{}, mds.Record(nil)); err != nil {
			t.Error(err)
		}
	})
}
