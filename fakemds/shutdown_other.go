//go:build !unix

package fakemds

import "net"

// shutdown does nothing where a listener that is closed refuses connects at once.
func shutdown(net.Listener) {}
