package fakemds_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/zbsclient/zbsclient/fakemds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLoopback does over real sockets what the other tests do in memory.
func TestLoopback(t *testing.T) {
	c := fakemds.NewCluster(t, 2, fakemds.OnLoopback())
	c.AddVolume(vol, "10.0.0.5")
	k := newCaller(t, c)
	n := c.Node(0)
	ask := func() error {
		t.Helper()
		_, err := k.clients(0, vol)
		return err
	}
	if got, err := k.clients(0, vol); err != nil || got != openBody {
		t.Fatalf("got %q, %v", got, err)
	}
	if got := k.call(1, "ping", ping); got["agentVersion"] != "5.5.0" {
		t.Errorf("ping: %v", got)
	}
	for _, row := range []struct {
		fault fakemds.Fault
		want  error
	}{
		{fakemds.Reset, syscall.ECONNRESET},
		{fakemds.LoseReply, syscall.ECONNRESET},
		{fakemds.Refuse, syscall.ECONNREFUSED},
	} {
		n.Inject(row.fault)
		if err := ask(); !errors.Is(err, row.want) {
			t.Errorf("%v: got %v, want %v", row.fault, err, row.want)
		}
		n.Clear()
		if err := ask(); err != nil {
			t.Errorf("after %v: %v", row.fault, err)
		}
	}
	n.Stop()
	if err := ask(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("stopped: got %v", err)
	}
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("started: %v", err)
	}
}

// TestLoopbackRefusesOutsiders meets Refuse without Cluster.DialContext too.
func TestLoopbackRefusesOutsiders(t *testing.T) {
	c := fakemds.NewCluster(t, 1, fakemds.OnLoopback())
	n := c.Node(0)
	n.Inject(fakemds.Refuse)
	if conn, err := net.Dial("tcp", n.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, %v", conn, err)
	}
	n.Clear()
	conn, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
