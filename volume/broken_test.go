package volume_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/volume"
)

// A hung MDS, wherever it stands, costs milliseconds to find out that a volume does not
// exist, and to create one.
func TestMissingBesideAHungMDS(t *testing.T) {
	const most = time.Second / 2 // of the first call; two MDS agree after one hedge delay
	for hung := range 3 {
		synctest.Test(t, func(t *testing.T) {
			cluster, service := startIdle(t, 3)
			cluster.Node(hung).Inject(fakemds.Hang)
			for range 5 {
				began := time.Now()
				if _, err := service.Query(t.Context(), fresh); !errors.Is(err, volume.ErrNotFound) || time.Since(began) > most {
					t.Errorf("MDS %d hung: the query took %v: %v", hung, time.Since(began), err)
				}
			}
			began := time.Now()
			if _, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1 << 30}); err != nil || time.Since(began) > most {
				t.Errorf("MDS %d hung: the creation took %v: %v", hung, time.Since(began), err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			cluster, service := startIdle(t, 3)
			cluster.Node(hung).Inject(fakemds.Hang)
			began := time.Now()
			if _, err := service.Create(t.Context(), volume.CreateRequest{Path: fresh, Size: 1 << 30}); err != nil || time.Since(began) > most {
				t.Errorf("MDS %d hung: the first call, a creation, took %v: %v", hung, time.Since(began), err)
			}
			began = time.Now()
			if _, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh, Release: volume.Release{Force: true}}); err != nil || time.Since(began) > most {
				t.Errorf("MDS %d hung: the deletion took %v: %v", hung, time.Since(began), err)
			}
			began = time.Now()
			got, err := service.Delete(t.Context(), volume.DeleteRequest{Path: fresh, Release: volume.Release{Force: true}})
			if err != nil || got.Existed || time.Since(began) > most {
				t.Errorf("MDS %d hung: the deletion of what is gone took %v: %+v, %v", hung, time.Since(began), got, err)
			}
		})
	}
}
