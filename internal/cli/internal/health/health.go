// Package health names the state of an MDS in the words of zbsctl.
package health

import (
	"errors"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// Legend explains the states of an MDS.
const Legend = `  serving   answers, and belongs to the cluster it says
  unsynced  answers, but lists no clients whatever the truth: it was restarted
            and waits for ZStack to send it metadata/sync
  old       an agent up to ZStack 5.4.0 or ZSV 4.10, which must not be used
  refusing  answers that it does not serve, such as without a leader
  down      gives no answer
`

// State is the state of an MDS, as Legend explains.
type State string

// The states of an MDS.
const (
	Serving  State = "serving"
	Unsynced State = "unsynced"
	Old      State = "old"
	Refusing State = "refusing"
	Down     State = "down"
)

// States are in the order of Legend.
var States = []State{Serving, Unsynced, Old, Refusing, Down}

// Of returns the state of an MDS by its last probe.
func Of(h mds.Health) State {
	_, denied := errors.AsType[*zbs.AgentError](h.Err)
	switch {
	case h.Err == nil && (h.Agent.Synced() || !h.Can.TellsVersion()):
		return Serving
	case h.Err == nil:
		return Unsynced
	case errors.Is(h.Err, mds.ErrAgentTooOld):
		return Old
	case denied:
		return Refusing
	default:
		return Down
	}
}

// Cell shows the state in its colour.
func (s State) Cell() term.Cell {
	switch s {
	case Serving:
		return term.Green.Cell(string(s))
	case Unsynced:
		return term.Yellow.Cell(string(s))
	default:
		return term.Red.Cell(string(s))
	}
}

// Reason says why an MDS does not serve. It repeats nothing that the table shows.
func Reason(h mds.Health) string {
	if call, ok := errors.AsType[*mds.CallError](h.Err); ok && len(call.Attempts) > 0 {
		last := call.Attempts[len(call.Attempts)-1]
		text := last.Err.Error()
		if no, ok := errors.AsType[*zbs.AgentError](last.Err); ok {
			text = no.Reason()
		}
		if last.Phase == mds.PhaseGeneration {
			return text // whatever it was asked
		}
		return call.Op + ": " + string(last.Phase) + ": " + text
	}
	switch {
	case h.Err != nil:
		return h.Err.Error()
	case !h.Agent.Synced() && !h.Can.TellsVersion():
		return "an agent of " + h.Can.Generation() + " never says whether it was synced"
	}
	return ""
}

// BreakerCell shows the state of a breaker.
func BreakerCell(b mds.Breaker) term.Cell {
	switch b {
	case mds.BreakerClosed:
		return term.Text(string(b))
	case mds.BreakerOpen:
		return term.Red.Cell(string(b))
	case mds.BreakerHalfOpen:
		return term.Yellow.Cell(string(b))
	default:
		return term.Dim.Cell("-")
	}
}
