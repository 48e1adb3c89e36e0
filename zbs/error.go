package zbs

import (
	"errors"
	"fmt"
	"strings"
)

// ErrWrongCluster: one list names MDS of different clusters.
var ErrWrongCluster = errors.New("wrong cluster")

// AgentError is an agent's answer that it did not execute a command (success false).
// Match it with errors.As. The wire has no error codes, only text: NotFound, Exists
// and SnapshotMissing recognise what can be told apart.
type AgentError struct {
	Addr     Addr     // of the agent
	Endpoint Endpoint // of the command
	Message  string   // the agent's text, possibly of several lines
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
// exist: its first status code is kFileNotExists.
func (e *AgentError) NotFound() bool { return e.code() == "kFileNotExists" }

// Exists reports whether the agent's text says that the new volume or snapshot exists
// already: its first status code is kFileExists.
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
