package storage

import "fmt"

// Error is what a failed command of the storage says.
type Error string

func (e Error) Error() string { return string(e) }

// The status codes of the storage's commands.
const (
	NotExists     = "kFileNotExists"
	occupied      = "kFileOccupied"
	exists        = "kFileExists"
	snapNotExists = "kSnapshotFileNotExists"
)

func rpcError(call, what, code string) error {
	return Error(fmt.Sprintf("Rpc[%s] for [%s] status code: %s", call, what, code))
}

// NoDir is the error of the listing of a pool that is not there.
func NoDir(pool string) error { return rpcError("ListDir", pool, NotExists) }

// CommandError is a command that ended with a status other than 0, with what it
// wrote to its standard error.
type CommandError string

func (e CommandError) Error() string {
	return "failed to execute shell command: /usr/bin/zbs\nreturn code: 1\nstdout: \nstderr: " + string(e) + "\n"
}

// commandError is a command that prints err and ends with a status other than 0.
func commandError(err error) error { return CommandError("Error: " + err.Error()) }
