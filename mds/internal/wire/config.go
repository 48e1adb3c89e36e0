// Package wire carries requests to one MDS over the few connections that it gets. It
// repeats a request at that MDS where this is safe, and reports how far a failed one
// came. It knows nothing of commands, agents and other MDS.
package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// MaxBody bounds a response, in bytes. A capacity answer takes about 400 per pool.
const MaxBody = 16 << 20

// Config is what the connections to every MDS have in common. Dial is required unless
// there is a Transport.
type Config struct {
	Dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS            *tls.Config       // nil: the system's defaults
	Transport      http.RoundTripper // in place of Dial and TLS: it makes connections itself
	ConnectTimeout time.Duration     // of a connection, TLS included
	Retries        int               // repetitions after a transport fault, beside that after a dead connection
	Token          func() bool       // takes a retry token for each of these, false when none is left
}
