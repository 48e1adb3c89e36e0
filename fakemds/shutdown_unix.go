//go:build unix

package fakemds

import (
	"net"
	"syscall"
)

// shutdown makes a socket refuse connects from now on. Closing it is not enough
// where the program starts others: one that is being started holds the socket for
// a moment, and a connect made then is accepted and reset.
func shutdown(ln net.Listener) {
	socket, ok := ln.(syscall.Conn)
	if !ok {
		return // in memory
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
}
