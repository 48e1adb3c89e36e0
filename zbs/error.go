package zbs

import (
	"errors"
	"fmt"
	"strings"
)

// ErrWrongCluster: MDS of different clusters stand in one list.
var ErrWrongCluster = errors.New("wrong cluster")

// AgentError is an agent's own answer that it did not do what it was asked
// (success false). Match it with errors.As; the wire has no error codes, only
// text, so test for a class with NotFound.
type AgentError struct {
	Addr     Addr     // who said so
	Endpoint Endpoint // what it was asked
	Message  string   // its text, possibly of several lines
}

// Error returns one line that names agent and endpoint.
func (e *AgentError) Error() string {
	if e.Addr.IsZero() {
		return "agent answered: " + e.Reason()
	}
	return fmt.Sprintf("agent %s answered to %s: %s", e.Addr, e.Endpoint.Name, e.Reason())
}

// Reason returns the agent's text in one line.
func (e *AgentError) Reason() string {
	lines := strings.FieldsFunc(e.Message, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return "no reason given"
	}
	return strings.Join(lines, "; ")
}

// NotFound reports whether the agent's text says that a volume or pool does not
// exist: the first status code in it is kFileNotExists, the storage's own test.
func (e *AgentError) NotFound() bool { return e.code() == "kFileNotExists" }

// Exists reports whether the agent's text says that what was to be made is
// there already: the first status code in it is kFileExists.
func (e *AgentError) Exists() bool { return e.code() == "kFileExists" }

// SnapshotMissing reports whether the agent's text says, to QuerySnapshot, that the
// volume exists and has no snapshot of the name.
func (e *AgentError) SnapshotMissing() bool {
	return strings.HasPrefix(e.Message, "cannot found snapshot[") && e.code() == ""
}

func (e *AgentError) code() string {
	_, after, _ := strings.Cut(e.Message, "status code: ")
	return strings.TrimRight(firstField(after), "]")
}

func firstField(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return fields[0]
	}
	return ""
}
