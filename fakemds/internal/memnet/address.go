package memnet

import (
	"net"
	"os"
	"strings"
	"syscall"
)

// address is "host:port" on a Network.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// DialError is the error of a connect to the address that failed because of err.
func DialError(addr string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: address(addr), Err: err}
}

// Refused is the error of a connect that nothing listens for. It matches
// syscall.ECONNREFUSED.
func Refused(addr string) error {
	return DialError(addr, os.NewSyscallError("connect", syscall.ECONNREFUSED))
}

// InMemory reports whether the host of addr can only be one of a Network: its name
// ends in ".fake".
func InMemory(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && strings.HasSuffix(host, ".fake")
}
