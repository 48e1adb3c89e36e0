package fakemds_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/zbsclient/zbsclient/fakemds"
)

// A connect that nothing listens for is refused, and no real network is touched.
func TestDialUnknownAddress(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
		for _, addr := range []string{"mds-9.fake:7763", "10.0.0.1:7763", "example.org:80"} {
			if _, err := c.DialContext(context.Background(), "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v", addr, err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := c.DialContext(ctx, "tcp", c.Node(0).Addr()); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		c.Close()
		if _, err := c.DialContext(context.Background(), "tcp", c.Node(0).Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("closed: %v", err)
		}
		if _, err := c.Listen(); err == nil {
			t.Error("a closed cluster listens")
		}
	})
}
