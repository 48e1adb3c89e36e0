package memnet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// pair returns both ends of a connection in memory.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	network := memnet.New()
	ln, err := network.Listen("callback.fake:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	if near, err = network.Dial(t.Context(), "callback.fake:1"); err != nil {
		t.Fatal(err)
	}
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func TestConn(t *testing.T) {
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
		{"a cut loses what was not read", func(near, far net.Conn) error {
			far.Write([]byte("x"))
			memnet.Abort(far)
			_, err := near.Read(buf)
			return err
		}, syscall.ECONNRESET},
		{"a cut wakes the reader", func(near, far net.Conn) error {
			time.AfterFunc(time.Second, func() { memnet.Abort(near) })
			_, err := far.Read(buf)
			return err
		}, syscall.ECONNRESET},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pair(t)
				if err := row.do(near, far); !errors.Is(err, row.want) {
					t.Errorf("got %v, want %v", err, row.want)
				}
			})
		})
	}
}

// A closed listener resets what it did not accept and frees its address.
func TestListenerCloses(t *testing.T) {
	network := memnet.New()
	ln, err := network.Listen("mds.fake:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.Listen("mds.fake:1"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	near, err := network.Dial(t.Context(), "mds.fake:1")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read of what was not accepted: %v", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept: %v", err)
	}
	if _, err := network.Dial(t.Context(), "mds.fake:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v", err)
	}
	if again, err := network.Listen("mds.fake:1"); err != nil {
		t.Errorf("listen again: %v", err)
	} else {
		again.Close()
	}
}
