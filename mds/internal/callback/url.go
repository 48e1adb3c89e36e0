package callback

import (
	"context"
	"net"
	"net/url"
	"strconv"
)

// URL returns where the agent at hostport shall post results: the configured URL, or
// the listener's address. A listener on all interfaces has none, so URL names the
// local one that routes to the agent. Listen comes before URL.
func (r *Receiver) URL(ctx context.Context, hostport string) (string, error) {
	if r.cfg.URL != "" {
		return r.cfg.URL, nil
	}
	r.mu.Lock()
	listener := r.listener
	r.mu.Unlock()
	if listener == nil {
		return "", ErrClosed
	}
	host := listener.Addr().String()
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		ip, err := localAddrTo(ctx, hostport)
		if err != nil {
			return "", err
		}
		host = net.JoinHostPort(ip, strconv.Itoa(tcp.Port))
	}
	return (&url.URL{Scheme: "http", Host: host, Path: Path}).String(), nil
}

// localAddrTo returns the local IP that routes to the agent. Connecting a UDP socket
// asks the routing table and sends nothing.
func localAddrTo(ctx context.Context, hostport string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", hostport)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).IP.String(), nil
}
