package volume_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/internal/mdstest"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume"
	"github.com/zbsclient/zbsclient/zbs"
)

func TestClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 3)
		for range 2 {
			list, err := service.Clients(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]zbs.Client{{IP: "10.0.0.5", Port: 9001}}, list.Clients); diff != "" || list.Path != path {
				t.Errorf("clients of %s (-want +got):\n%s", list.Path, diff)
			}
			if addr, ok := list.Trace.Answered(); !ok || addr != list.MDS {
				t.Errorf("%v said so, and the trace says %v", list.MDS, addr)
			}
		}
		if n := mdstest.Asked(cluster, "capacity"); n != 1 {
			t.Errorf("capacity was asked %d times, want once: the pools are kept", n)
		}
		for i := range 3 {
			for _, q := range cluster.Node(i).Requests() {
				if q.Endpoint == "volume/clients" && !q.Probe && !strings.Contains(string(q.Body), `"path":"cbd:pp1/lp1/vol"`) {
					t.Errorf("request %s, want the exact pool pp1, not lp10's", q.Body)
				}
			}
		}
	})
}

func TestClientsRefusesBeforeAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		for why, bad := range map[string]zbs.Path{
			"zero path":     {},
			"a snapshot":    {Pool: "lp1", Volume: "vol", Snapshot: "s"},
			"remote volume": {Pool: "lp1", Volume: "vol?r=x"},
			"shell":         {Pool: "lp1", Volume: "vol;reboot"},
			"empty part":    {Pool: "", Volume: "vol"},
		} {
			if _, err := service.Clients(t.Context(), bad); !errors.Is(err, zbs.ErrInvalidPath) {
				t.Errorf("%s: %v, want ErrInvalidPath", why, err)
			}
		}
		if n := len(cluster.Node(0).Requests()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

func TestClientsOfUnknownPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		late := zbs.Path{Pool: "late", Volume: "v"}
		_, err := service.Clients(t.Context(), late)
		if !errors.Is(err, volume.ErrNotFound) || !strings.Contains(err.Error(), "lp1, lp10") {
			t.Errorf("error %v, want ErrNotFound with the pools there are", err)
		}
		if n := mdstest.Asked(cluster, "volume/clients"); n != 0 {
			t.Errorf("%d client queries were sent", n)
		}
		cluster.AddVolume(late.String(), "10.0.0.6")
		if list, err := service.Clients(t.Context(), late); err != nil || len(list.Clients) != 1 {
			t.Errorf("a pool made meanwhile: %+v, %v", list, err)
		}
		// A part of a known name is not that name.
		if _, err := service.Clients(t.Context(), zbs.Path{Pool: "lp", Volume: "v"}); !errors.Is(err, volume.ErrNotFound) {
			t.Errorf("pool lp: %v, want ErrNotFound", err)
		}
	})
}

func TestClientsOverBrokenMDS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 3)
		if _, err := service.Clients(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			cluster.Node(i).Inject(fakemds.Hang)
		}
		began := time.Now()
		list, err := service.Clients(t.Context(), path)
		hung := len(list.Trace.Attempts) - 1
		if err != nil || list.MDS.String() != cluster.Addrs()[2] {
			t.Errorf("%+v, %v; want the answer of the one that is well", list, err)
		}
		if got, want := time.Since(began), time.Duration(hung)*mds.DefaultLeastHedgeDelay; got != want {
			t.Errorf("took %v over %d hung MDS, want %v", got, hung, want)
		}
		cluster.Node(2).Inject(fakemds.Refuse)
		list, err = service.Clients(t.Context(), path, mds.Timeout(time.Second))
		if !errors.Is(err, mds.ErrAllFailed) || list.Clients != nil || len(list.Trace.Attempts) != 3 {
			t.Errorf("%+v, %v; want an error and no list", list, err)
		}
		_, err = service.Clients(t.Context(), path, mds.NoTryNext(), mds.Timeout(time.Second))
		if err == nil {
			t.Error("with tryNext off a hung MDS was passed over")
		}
	})
}

// A Caller's own, shorter time-out holds; a longer one does not.
func TestClientsTimeout(t *testing.T) {
	for attempt, want := range map[time.Duration]time.Duration{2 * time.Second: 2 * time.Second, time.Hour: volume.ClientsTimeout} {
		synctest.Test(t, func(t *testing.T) {
			cluster, service := start(t, 1, mds.WithAttemptTimeout(attempt))
			if _, err := service.Clients(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			cluster.Node(0).Inject(fakemds.Hang)
			began := time.Now()
			if _, err := service.Clients(t.Context(), path); err == nil {
				t.Error("a hung MDS answered")
			}
			if took := time.Since(began); took != want {
				t.Errorf("with attempts of %v it took %v, want %v", attempt, took, want)
			}
		})
	}
}

// Many callers that need the pools at once share one query; one that gives up
// does not take the others with it.
func TestPoolsAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		cluster.Node(0).Inject(fakemds.CallbackLate(3 * time.Second).On("capacity"))
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := service.Clients(impatient, path); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the impatient: %v, want its own deadline", err)
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if _, err := service.Clients(t.Context(), path); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := mdstest.Asked(cluster, "capacity"); n != 2 {
			t.Errorf("capacity was asked %d times, want 2: the impatient's and one for all others", n)
		}
	})
}

// A call for a pool that was made while another call was asking for the pools finds
// it: the answer to the other one is older.
func TestPoolsAreNotOlderThanTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, service := start(t, 1)
		cluster.Node(0).Inject(fakemds.CallbackLate(100 * time.Millisecond).On("capacity"))
		var wg sync.WaitGroup
		wg.Go(func() { service.Clients(t.Context(), path) })
		synctest.Wait()
		cluster.AddPool("lp3", "pp3")
		cluster.AddVolume("zbs://lp3/vol")
		if _, err := service.Query(t.Context(), zbs.Path{Pool: "lp3", Volume: "vol"}); err != nil {
			t.Errorf("%v, want the volume in the new pool", err)
		}
		wg.Wait()
	})
}
