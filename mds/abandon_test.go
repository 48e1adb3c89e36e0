package mds_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// A request that was given up is taken back from the kernel: it must not reach
// an agent minutes later, when a partition heals.
func TestAbandonedRequestIsReset(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	end := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			_, err = io.Copy(io.Discard, conn)
		}
		end <- err
	}()
	c, err := mds.New([]string{listener.Addr().String()}, mds.WithRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := mds.Call(ctx, c, zbs.GetVolumeClients{Path: cbdPath}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := <-end; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the agent's connection ended with %v, want a reset", err)
	}
}
