package fakemds

import (
	"context"
	"net"

	"github.com/zbsclient/zbsclient/fakemds/internal/memnet"
)

// dial is a connect to an address of the node through Cluster.DialContext.
func (s *server) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := s.reach(ctx, addr); err != nil {
		return nil, err
	}
	if !s.net.loopback {
		if err := s.backlog.enter(ctx); err != nil {
			return nil, memnet.DialError(addr, err)
		}
	}
	return s.net.dial(ctx, network, addr)
}

// reach waits as the faults of a connect say, and returns when it gets through.
func (s *server) reach(ctx context.Context, addr string) error {
	for {
		got, changed := s.faults.takeOnDial()
		if got.has(refuse) {
			return memnet.Refused(addr)
		}
		if !got.has(blackhole) {
			return nil
		}
		p := s.process()
		if p == nil {
			return memnet.Refused(addr)
		}
		select {
		case <-ctx.Done():
			return memnet.DialError(addr, ctx.Err())
		case <-p.life.Done():
			return memnet.Refused(addr)
		case <-changed: // perhaps the network is back
		}
	}
}
