package cli

import (
	"errors"
	"strings"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/zbs"
)

// vhostAnswer is what an agent says of the vhost target of a host.
type vhostAnswer struct {
	host  string
	state vhostState
	err   error // why the state is down or unknown; nil if the agent gives no reason
}

// vhostState is the state of a vhost target.
type vhostState uint8

const (
	vhostUnknown vhostState = iota
	vhostDown
	vhostUp
)

// checkDoc and healthDoc are the JSON and YAML of zbsctl vhost check and health. They
// are a contract: see docs/json-output.md.
type checkDoc struct {
	Host  string `json:"host"`
	Ready *bool  `json:"ready"` // null when nothing is known
	Error string `json:"error,omitempty"`
}

type healthDoc struct {
	Host    string `json:"host"`
	Running *bool  `json:"running"` // null when nothing is known
	Error   string `json:"error,omitempty"`
}

// noTarget is in the text of an agent that has looked and found no target. Any other
// refusal, such as of its login to the host, tells nothing of the target.
const noTarget = "ZStone"

// checkAnswer is the answer of vhost/check.
func checkAnswer(host string, err error) vhostAnswer {
	switch {
	case err == nil:
		return vhostAnswer{host, vhostUp, nil}
	case refusedAs(err, noTarget):
		return vhostAnswer{host, vhostDown, err}
	}
	return vhostAnswer{host, vhostUnknown, err}
}

// refusedAs reports whether an agent refused with a text that has the word.
func refusedAs(err error, word string) bool {
	no, ok := errors.AsType[*zbs.AgentError](err)
	return ok && strings.Contains(no.Message, word)
}

// healthAnswer is the answer of vhost/health.
func healthAnswer(host string, running bool, err error) vhostAnswer {
	switch {
	case err != nil:
		return vhostAnswer{host, vhostUnknown, err}
	case running:
		return vhostAnswer{host, vhostUp, nil}
	}
	return vhostAnswer{host, vhostDown, nil}
}

// up returns nil when the state is unknown.
func (a vhostAnswer) up() *bool {
	if a.state == vhostUnknown {
		return nil
	}
	up := a.state == vhostUp
	return &up
}

// reason returns the text of the error, "" without one.
func (a vhostAnswer) reason() string {
	if a.err == nil {
		return ""
	}
	return a.err.Error()
}

// cell shows the state as the word for up, or as its contrary.
func (a vhostAnswer) cell(up string) term.Cell {
	switch a.state {
	case vhostUp:
		return term.Green.Cell(up)
	case vhostDown:
		return term.Red.Cell("not " + up)
	default:
		return term.Yellow.Cell("cannot tell")
	}
}

// show prints the document, or a table for people, and counts the exit code. up is
// the word for a target that is up.
func (a vhostAnswer) show(env *environment, out format, document any, up string) error {
	t := &term.Table{Header: []string{"HOST", "VHOST"}}
	t.Add(term.Text(a.host), a.cell(up))
	if err := env.show(out, document, t); err != nil {
		return err
	}
	if a.err != nil {
		env.printError(a.err)
	}
	switch a.state {
	case vhostUp: // exit code 0
	case vhostDown:
		env.exitWith(exitFailed)
	case vhostUnknown:
		env.exitWith(exitCode(a.err))
	}
	return nil
}
