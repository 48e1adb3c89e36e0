package fakemds_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/fakemds"
)

// pair returns both ends of a connection in memory.
func pair(t *testing.T, c *fakemds.Cluster) (near, far net.Conn) {
	t.Helper()
	ln, err := c.Listen()
	if err != nil {
		t.Fatal(err)
	}
	near, err = c.DialContext(context.Background(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func TestMemoryConn(t *testing.T) {
	buf := make([]byte, 100)
	for _, row := range []struct {
		name string
		do   func(near, far net.Conn) error
		want error
	}{
		{"end after what was written", func(near, far net.Conn) error {
			near.Write([]byte("x"))
			near.Close()
			if n, err := far.Read(buf); n != 1 || err != nil {
				return errors.New("the byte is lost")
			}
			_, err := far.Read(buf)
			return err
		}, io.EOF},
		{"write to a closed end", func(near, far net.Conn) error {
			far.Close()
			_, err := near.Write([]byte("x"))
			return err
		}, syscall.EPIPE},
		{"read of one's own closed end", func(near, _ net.Conn) error {
			near.Close()
			_, err := near.Read(buf)
			return err
		}, net.ErrClosed},
		{"write of one's own closed end", func(near, _ net.Conn) error {
			near.Close()
			_, err := near.Write(buf)
			return err
		}, net.ErrClosed},
		{"close wakes the reader", func(near, _ net.Conn) error {
			time.AfterFunc(time.Second, func() { near.Close() })
			_, err := near.Read(buf)
			return err
		}, net.ErrClosed},
		{"read deadline", func(near, _ net.Conn) error {
			start := time.Now()
			near.SetReadDeadline(start.Add(time.Minute))
			_, err := near.Read(buf)
			if got := time.Since(start); got != time.Minute {
				return errors.New("after " + got.String())
			}
			return err
		}, os.ErrDeadlineExceeded},
		{"deadline in the past", func(near, far net.Conn) error {
			far.Write([]byte("x"))
			near.SetDeadline(time.Now().Add(-time.Second))
			_, err := near.Read(buf)
			return err
		}, os.ErrDeadlineExceeded},
		{"write deadline", func(near, _ net.Conn) error {
			near.SetDeadline(time.Now())
			_, err := near.Write(buf)
			return err
		}, os.ErrDeadlineExceeded},
		{"deadline taken back", func(near, far net.Conn) error {
			near.SetDeadline(time.Now().Add(time.Second))
			near.SetDeadline(time.Time{})
			time.AfterFunc(time.Minute, func() { far.Write([]byte("x")) })
			_, err := near.Read(buf)
			return err
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, 1, func(t *testing.T, c *fakemds.Cluster) {
				near, far := pair(t, c)
				if err := row.do(near, far); !errors.Is(err, row.want) {
					t.Errorf("got %v, want %v", err, row.want)
				}
			})
		})
	}
}

// TestDialNobody refuses whom nobody listens for, without touching a network.
func TestDialNobody(t *testing.T) {
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
