// Package mdstest connects tests to a fake cluster.
package mdstest

import (
	"github.com/zbsclient/zbsclient/fakemds"
	"github.com/zbsclient/zbsclient/mds"
)

// Caller returns a Caller over all MDS of the cluster, in memory. It is closed when
// the test ends.
func Caller(t fakemds.TB, cluster *fakemds.Cluster, opts ...mds.Option) *mds.Caller {
	t.Helper()
	return CallerAt(t, cluster, cluster.Addrs(), opts...)
}

// CallerAt is Caller over the MDS at the addresses.
func CallerAt(t fakemds.TB, cluster *fakemds.Cluster, addrs []string, opts ...mds.Option) *mds.Caller {
	t.Helper()
	listener, err := cluster.Listen()
	if err != nil {
		t.Fatalf("%v", err)
	}
	caller, err := mds.New(addrs, append([]mds.Option{
		mds.WithDialContext(cluster.DialContext), mds.WithCallbackListener(listener),
	}, opts...)...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { caller.Close() })
	return caller
}

// Asked returns how many requests for the endpoint reached the cluster.
func Asked(cluster *fakemds.Cluster, endpoint string) (sum int) {
	for _, n := range cluster.Asked(endpoint) {
		sum += n
	}
	return sum
}
