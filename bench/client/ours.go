package client

import (
	"context"
	"net"
	"time"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// ours is an mds.Caller with its defaults.
type ours struct{ caller *mds.Caller }

func newOurs(addrs []string, attemptTimeout time.Duration) (Client, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	opts := []mds.Option{mds.WithConnections(Connections), mds.WithCallbackListener(l)}
	if attemptTimeout != DefaultAttemptTimeout { // the default needs no option
		opts = append(opts, mds.WithAttemptTimeout(attemptTimeout))
	}
	caller, err := mds.New(addrs, opts...)
	if err != nil {
		l.Close()
		return nil, err
	}
	return &ours{caller}, nil
}

func (o *ours) Read(ctx context.Context) (zbs.VolumeClients, error) {
	return mds.Call(ctx, o.caller, zbs.GetVolumeClients{Path: volume}, mds.TryNext())
}

func (o *ours) Write(ctx context.Context, name string) error {
	_, err := mds.Call(ctx, o.caller, zbs.CloneVolume{Path: snapshot, DstVolume: name}, mds.TryNext())
	return err
}

func (o *ours) Close() { o.caller.Close() }

// OpenBreakers counts the breakers of c that are not closed, and reports whether
// c is one of ours.
func OpenBreakers(c Client) (n int, ok bool) {
	o, ok := c.(*ours)
	if !ok {
		return 0, false
	}
	for _, addr := range o.caller.Addrs() {
		if o.caller.Breaker(addr) != mds.BreakerClosed {
			n++
		}
	}
	return n, true
}
